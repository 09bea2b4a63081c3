"""A real Chromium before a running duetime."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, sync_playwright
from tests.browser.place import Place, running_place

REQUIRED = frozenset(os.environ.get("DUETIME_REQUIRE", "").split(","))
"""What must be there; read before a test's environment is cleaned."""
PASSWORD = "a long enough pass phrase"
ARGUMENTS = (
    "--no-sandbox",  # containers give no user namespaces; the pages are our own
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep these tests together on one worker: they share a browser, whose event loop is in the way of others."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        reason = "The pages are not tested: there is no Chromium; Debian's package is called chromium."
        if "chromium" in REQUIRED:
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def place(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The one duetime of all browser tests: each works on events of its own."""
    del chromium  # first, so that without it nothing is started
    folder = tmp_path_factory.mktemp("place")
    with running_place(folder, password=PASSWORD) as started:
        yield started


@pytest.fixture
def context(chromium: Browser, place: Place) -> Iterator[BrowserContext]:
    """A browser without cookies."""
    made = chromium.new_context(base_url=place.url, viewport={"width": 1280, "height": 900}, locale="en-GB")
    made.set_default_timeout(15_000)
    yield made
    made.close()


@pytest.fixture(scope="package")
def signed_in(chromium: Browser, place: Place) -> str:
    """Log in once; return the state of that browser."""
    made = chromium.new_context(base_url=place.url)
    page = made.new_page()
    log_in(page, place.password)
    state = made.storage_state()
    made.close()
    return state  # type: ignore[return-value]  # opaque to us


def log_in(page: Page, password: str) -> None:
    """Log in as the administrator by the login page."""
    page.goto("/login")
    page.get_by_label("Login").fill("admin")
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login" not in url)


@pytest.fixture
def page(chromium: Browser, place: Place, signed_in: str) -> Iterator[Page]:
    """A page of somebody who is logged in; an error in its console fails the test."""
    made = chromium.new_context(
        base_url=place.url,
        storage_state=signed_in,
        viewport={"width": 1280, "height": 900},
        locale="en-GB",
    )
    made.set_default_timeout(15_000)
    opened = made.new_page()
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # An answer that a test asks for, such as 404 for a page that is not there, is told in the console too.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            complaints.append(message.text)

    def answered(response: Response) -> None:
        if response.status >= 500 or ("/static/" in response.url and not response.ok):
            complaints.append(f"{response.status} {response.url}")

    opened.on("console", heard)
    opened.on("response", answered)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    made.close()
    assert complaints == []
