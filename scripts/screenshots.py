"""Makes the pictures of the README: the demo's database with a week planned on top, as its guest sees it.

Run by `make screenshots`; it needs chromium and takes about a minute.
"""

import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from duetime.app.app import App
from duetime.cli.demo_pages import LOGIN, add_guest, opened_pages
from duetime.engine.executors import ThreadExecutor
from duetime.engine.worker import WorkerSettings
from duetime.schedule.cron import Cron
from duetime.store.event_table import EventQuery
from duetime.store.store import Store

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
WIDTH, HEIGHT = 1280, 900
ZONE = "Europe/Berlin"
PLANS = (
    ("divvy.stop_resource", "0 19 * * mon-fri", "Dev instances need not run at night."),
    ("divvy.start_resource", "0 7 * * mon-fri", "Developers come at half past seven."),
)
PLANNED_INSTANCES = 6


@dataclass(frozen=True)
class Picture:
    """One picture.

    Attributes:
        name: the file without its ending.
        path: the page.
    """

    name: str
    path: str


def main() -> int:
    """Make all of them; return the exit code."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("There is no chromium: install Debian's package of that name.", file=sys.stderr)
        return 1
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "duetime.db"
        command = [sys.executable, "-m", "duetime", "demo", "--no-web", "--database", str(database)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print(f"{done.stdout}{done.stderr}The demo has failed, so there are no pictures.", file=sys.stderr)
            return 1
        event_id = plan_a_week(database)
        password = add_guest(database)
        with working(database), opened_pages(database) as serving:
            thread = threading.Thread(target=serving.run, daemon=True)
            thread.start()
            try:
                take(chromium, serving.address, password, event_id=event_id)
            finally:
                serving.stop()
                thread.join()
    return 0


@contextmanager
def working(database: Path) -> Iterator[None]:
    """Keep a worker alive, without a cloud: nothing is due while the pictures are taken."""
    with closing(App(Store(f"sqlite:///{database}"), providers={}, installed_plugins=False)) as app:
        worker = app.worker(settings=WorkerSettings(slots=1), executor=ThreadExecutor(slots=1))
        thread = threading.Thread(target=worker.run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            worker.stop()
            thread.join()


def plan_a_week(database: Path) -> int:
    """Plan something for the days to come, and return an event of the past that is worth a look."""
    with closing(App(Store(f"sqlite:///{database}"), providers={}, installed_plugins=False)) as app:
        with app.store.read() as tx:
            done = tx.events.find(EventQuery(event_type="duetime.block_public_access", most=10))
            stopped = tx.events.find(EventQuery(event_type="divvy.stop_resource", most=PLANNED_INSTANCES))
        for event in stopped:
            for event_type, expression, description in PLANS:
                app.client.schedule(
                    event_type,
                    Cron(expression, timezone=ZONE),
                    resource_id=event.resource_id,
                    description=description,
                    actor="cli:ana",
                )
        return max(event.event_id for event in done)


def take(chromium: str, address: str, password: str, *, event_id: int) -> None:
    """Log in and take every picture."""
    pictures = (
        Picture("overview", "/scheduled-events"),
        Picture("upcoming", "/scheduled-events/upcoming"),
        Picture("history", "/scheduled-events/history"),
        Picture("event", f"/events/{event_id}"),
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        page = browser.new_page(
            base_url=address,
            viewport={"width": WIDTH, "height": HEIGHT},
            color_scheme="light",
            reduced_motion="reduce",
            locale="en-GB",
        )
        page.goto("/login")
        page.get_by_label("Login").fill(LOGIN)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in", exact=True).click()
        page.wait_for_load_state()
        for picture in pictures:
            size = shoot(page, picture)
            print(f"docs/images/{picture.name}.png  {size // 1024} KiB")
        browser.close()


def shoot(page: Page, picture: Picture) -> int:
    """Take one picture; return its size in bytes."""
    answer = page.goto(picture.path)
    if answer is None or answer.status != 200:
        message = f"{picture.path} answers {None if answer is None else answer.status}, so there is no picture of it."
        raise SystemExit(message)
    path = IMAGES / f"{picture.name}.png"
    page.screenshot(path=path, animations="disabled")
    return path.stat().st_size


if __name__ == "__main__":
    sys.exit(main())
