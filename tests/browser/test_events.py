"""Events are watched, cancelled and found again, by mouse and by keyboard alone."""

import re

from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.place import Place


def test_watch_an_event_fire(page: Page, place: Place) -> None:
    page.goto("/scheduled-events/history")
    event = place.greet("Ada", seconds=1, description="seen by nobody but the page itself")
    expect(page.locator("#live").get_by_role("link", name=str(event), exact=True).first).to_be_visible(timeout=30_000)
    page.locator("#live").get_by_role("link", name=str(event), exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("succeeded")


def test_a_failure_says_why(page: Page, place: Place) -> None:
    event = place.greet("nobody")
    page.goto(f"/events/{event}")
    expect(page.get_by_role("main")).to_contain_text("there is nobody to greet")


def test_cancel_an_event_with_a_reason(page: Page, place: Place) -> None:
    event = place.greet("Grace", seconds=3600)
    page.goto(f"/events/{event}")
    page.get_by_role("link", name="Cancel").click()
    page.get_by_label("Reason (optional)").fill("asked by its owner")
    page.get_by_role("main").get_by_role("button", name="Cancel").click()
    expect(page).to_have_url(re.compile(rf"/events/{event}"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("cancelled")
    changes = page.get_by_role("table", name=re.compile("What was changed"))
    expect(changes).to_contain_text("asked by its owner")
    expect(changes).to_contain_text("web:admin")


def test_filter_history(page: Page, place: Place) -> None:
    event = place.greet("nobody", description="to be found by its error")
    page.goto(f"/events/{event}")
    expect(page.get_by_role("main")).to_contain_text("there is nobody to greet")
    page.goto("/scheduled-events/history")
    page.get_by_text("Filter", exact=True).click()
    page.get_by_label("failed").check()
    page.get_by_label("Text").fill("nobody to greet")
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile("q=nobody"))
    rows = page.locator("#live").get_by_role("row")
    expect(rows.filter(has_text=str(event)).first).to_be_visible()
    for text in rows.all_inner_texts()[1:]:
        assert "failed" in text


def test_everything_by_keyboard(context: BrowserContext, place: Place) -> None:
    page = context.new_page()
    event = place.greet("Ken", seconds=7200)
    page.goto("/login")
    page.get_by_label("Login").focus()
    page.keyboard.type("admin")
    page.keyboard.press("Tab")
    page.keyboard.type(place.password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"

    page.goto(f"/events/{event}")
    _tab_to(page, "Cancel")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cancel")
    _tab_to(page, "Cancel the event")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"/events/{event}(\?|$)"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("cancelled")


def _tab_to(page: Page, name: str) -> None:
    """Press Tab until what has this name has the focus, and can be seen to have it."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText") == name:
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            return
    message = f"{name} is not reached by Tab"
    raise AssertionError(message)
