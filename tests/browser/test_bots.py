"""A bot is planned, run and watched from its pages."""

import re

from playwright.sync_api import Page, expect


def test_plan_and_run_a_bot(page: Page) -> None:
    page.goto("/bots")
    page.get_by_role("link", name="nightly-stop").first.click()
    page.get_by_role("link", name="Plan", exact=True).click()
    page.get_by_role("button", name="Make a plan").click()
    plan = page.get_by_role("table", name="What would become of which event")
    expect(plan).to_contain_text("divvy.stop_resource")  # by itself: the page looks again while the plan is made
    expect(plan.get_by_role("row")).to_have_count(1 + 8)

    page.get_by_role("link", name=re.compile("^Run")).first.click()
    page.get_by_role("button", name="Run nightly-stop now").click()
    expect(page).to_have_url(re.compile(r"/events/\d+"))
    expect(page.get_by_role("main")).to_contain_text("succeeded", timeout=30_000)

    page.goto("/bots/nightly-stop/events")
    expect(page.get_by_role("main")).to_contain_text("i-103")


def test_a_fault_in_a_bot_is_shown_where_it_is_and_nothing_is_lost(page: Page) -> None:
    page.goto("/bots/-/new")
    text = "name: broken\nscope:\n  accounts: ['10']\nactions:\n  - uid: duetime.action.no_such\n"
    page.get_by_role("textbox").first.fill(text)
    page.get_by_role("main").get_by_role("button").first.click()
    expect(page.get_by_role("main")).to_contain_text("Line 5, column 10")
    expect(page.get_by_role("textbox").first).to_have_value(text)
