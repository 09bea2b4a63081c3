"""What holds for every page: no serious fault for assistive technology, room on a phone, colours for the night."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize
from tests.browser.every_page import PATHS

NARROW: ViewportSize = {"width": 320, "height": 640}
SERIOUS = {"serious", "critical"}


COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
"""What depends on the scheme of colours alone."""


def faults(page: Page, options: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Return what axe-core calls serious, with the elements that it is about."""
    found = Axe().run(page, options=options).response["violations"]
    return [
        {"rule": each["id"], "help": each["help"], "at": [node["html"] for node in each["nodes"]][:3]}
        for each in found
        if each["impact"] in SERIOUS
    ]


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_for_everybody_and_for_every_screen(page: Page, path: str) -> None:
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.goto(path)
    assert faults(page) == []
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert faults(page, COLOURS) == []
    page.set_viewport_size(NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    # Nothing that people wrote runs: the names and descriptions of this place try to take the title.
    assert page.title() != "taken"
    assert page.locator("main script").count() == 0


def _brightness(page: Page) -> float:
    """Return how bright the page's background is, from 0 to 255."""
    colour = page.evaluate(
        "() => { const canvas = document.createElement('canvas'); const pen = canvas.getContext('2d');"
        " pen.fillStyle = getComputedStyle(document.body).backgroundColor; pen.fillRect(0, 0, 1, 1);"
        " return Array.from(pen.getImageData(0, 0, 1, 1).data).slice(0, 3); }"
    )
    return float(sum(colour)) / 3


def test_the_night_is_dark_by_itself_and_by_choice(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/scheduled-events")
    assert _brightness(page) > 200
    page.emulate_media(color_scheme="dark")
    assert _brightness(page) < 60
    page.emulate_media(color_scheme="light")
    switch = page.locator("[data-theme-switch]")
    while _brightness(page) > 60:
        before = switch.inner_text()
        switch.click()
        assert switch.inner_text() != before
    page.goto("/events")  # the choice stays
    assert _brightness(page) < 60
