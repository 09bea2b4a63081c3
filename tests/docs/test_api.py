"""The page about the API names every request of the nouns that it describes, and none that there is not."""

import re
from pathlib import Path

from fastapi.routing import APIRoute

from duetime.web import api
from duetime.web.need import every_route

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "api.md"
NOUNS = ("events", "upcoming", "overview", "runs", "statistics")


def test_the_page_names_every_request() -> None:
    routed = {
        f"{method} {route.path}"
        for router in api.ROUTERS
        for route in every_route(router.routes)
        if isinstance(route, APIRoute) and route.path.split("/")[3] in NOUNS
        for method in route.methods or ()
    }
    named = {
        request
        for request in re.findall(r"^\| `([A-Z]+ /api/v1/[^`]*)` \|", PAGE.read_text(), re.MULTILINE)
        if request.split("/")[3] in NOUNS
    }
    assert named == routed
