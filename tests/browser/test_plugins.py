"""A plugin is unloaded: its events wait, and go on when it is back."""

from playwright.sync_api import Locator, Page, expect
from tests.browser.place import Place
from tests.engine.waiting import until


def test_unload_a_plugin_and_see_its_events_wait(page: Page, place: Place) -> None:
    page.goto("/plugins")
    page.get_by_role("link", name="Unload greeter").click()
    page.get_by_role("button", name="Unload greeter").click()
    try:
        expect(page.get_by_role("main")).to_contain_text("Wished: unloaded")
        expect(page.get_by_text("Workers have still to bring a wish about.")).to_have_count(0, timeout=30_000)
        event = place.greet("waiting")
        waiting = page.get_by_role("table", name="How many events wait, and since when")
        _reload_until(page, "/plugins", waiting.get_by_text("greeter.greet"))
        expect(waiting).to_contain_text("greeter")
        page.goto(f"/events/{event}")
        expect(page.get_by_role("main")).to_contain_text("scheduled")
        expect(page.get_by_role("main")).to_contain_text("greeter")
    finally:
        page.goto("/plugins/greeter/load")
        page.get_by_role("button", name="Load greeter").click()
    page.goto(f"/events/{event}")
    expect(page.get_by_role("main")).to_contain_text("succeeded", timeout=30_000)


def _reload_until(page: Page, path: str, shown: Locator) -> None:
    """Load a page again until it shows something: workers say with their next beat what they can run."""

    def is_shown() -> bool:
        page.goto(path)
        return shown.count() > 0

    until(is_shown, seconds=30, what=f"{path} to show {shown}")
