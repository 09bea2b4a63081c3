"""Getting in and out."""

import re

from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.conftest import log_in
from tests.browser.place import Place


def test_log_in_and_out(context: BrowserContext, place: Place) -> None:
    page = context.new_page()
    log_in(page, place.password)
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(re.compile(r"/login"))
    page.goto("/events")
    expect(page).to_have_url(re.compile(r"/login\?next="))


def test_a_wrong_password_says_so_and_lets_nobody_in(context: BrowserContext, place: Place) -> None:
    page = context.new_page()
    page.goto("/login?next=/bots")
    page.get_by_label("Login").fill("admin")
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(place.password)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(re.compile(r"/bots$"))


def test_the_cookie_is_out_of_reach_of_scripts(page: Page) -> None:
    page.goto("/scheduled-events")
    assert page.evaluate("document.cookie").count("session") == 0
    (cookie,) = [each for each in page.context.cookies() if "session" in each["name"]]
    assert cookie["httpOnly"]
    assert cookie["sameSite"] in ("Lax", "Strict")
