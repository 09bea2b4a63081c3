"""From a page's context to its HTML.

A page is a frozen dataclass derived from `PageContext` and a template of the same names: the template sees the fields
of the dataclass, `frame` (what stands around every page) and what `wording` and `paths` give, and nothing else; a name
that it uses and nobody gives is an error. Everything is escaped.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import ClassVar

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from duetime.web.pages import flash, paths, wording
from duetime.web.pages.navigation import Group, current_path, navigation_for
from duetime.web.pages.zones import OFFERED, UTC_ZONE, ShownZone, zone_named
from duetime.web.visitor import Visitor

TEMPLATES = Path(__file__).parent.parent / "templates"
ZONE_COOKIE = "duetime_zone"
THEME_COOKIE = "duetime_theme"
ZONE_PARAMETER = "zone"
_THEMES = ("light", "dark")
_ZONE_AGE_SECONDS = 365 * 86_400


@dataclass(frozen=True, slots=True)
class PageContext:
    """What one page shows. Derived classes name their template, and have a field for each name in it."""

    template: ClassVar[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What stands around every page.

    Attributes:
        visitor: who looks; None = nobody is let in.
        path: the path of the page.
        query: the query of the page, without what named a flash message.
        navigation: what the visitor may open.
        current: the link in the navigation that the page belongs to.
        zone: in which zone instants are shown.
        theme: `light` or `dark` when the visitor has chosen one, else `auto`.
        flash: a sentence about what was just done.
    """

    visitor: Visitor | None
    path: str
    query: tuple[tuple[str, str], ...]
    navigation: tuple[Group, ...]
    current: str | None
    zone: ShownZone
    theme: str
    flash: str | None

    @property
    def csrf_token(self) -> str:
        """What forms send back; empty for visitors who need none."""
        return "" if self.visitor is None else self.visitor.csrf_token or ""


def frame_of(request: Request) -> Frame:
    """Return what stands around the page that a request asks for."""
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    navigation = navigation_for(visitor)
    query = request.query_params.multi_items()
    theme = request.cookies.get(THEME_COOKIE, "")
    return Frame(
        visitor=visitor,
        path=request.url.path,
        query=tuple((name, value) for name, value in query if name != flash.PARAMETER),
        navigation=navigation,
        current=current_path(navigation, request.url.path),
        zone=shown_zone(request),
        theme=theme if theme in _THEMES else "auto",
        flash=flash.message_of(request.query_params.get(flash.PARAMETER)),
    )


def shown_zone(request: Request) -> ShownZone:
    """Return the zone that a request asks for: by its query, else by its cookie, else UTC."""
    asked = zone_named(request.query_params.get(ZONE_PARAMETER)) or zone_named(request.cookies.get(ZONE_COOKIE))
    return asked or UTC_ZONE


def render(
    request: Request, context: PageContext, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> HTMLResponse:
    """Return a page.

    Args:
        request: what asks for it; its visitor, zone and theme are taken from there.
        context: what it shows; its class names the template.
        status: the HTTP status.
        headers: more headers.
    """
    values = {field.name: getattr(context, field.name) for field in fields(context)}
    text = environment().get_template(context.template).render(values, frame=frame_of(request))
    response = HTMLResponse(text, status_code=status, headers=dict(headers or {}))
    chosen = zone_named(request.query_params.get(ZONE_PARAMETER))
    if chosen is not None:
        response.set_cookie(ZONE_COOKIE, chosen.name, max_age=_ZONE_AGE_SECONDS, httponly=True, samesite="lax")
    return response


@cache
def environment() -> Environment:
    """Return what turns templates into text: everything is escaped, and unknown names are errors."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(wording.FILTERS)
    made.globals = {
        "range": range,
        "paths": paths,
        "offered_zones": OFFERED,
        "tone_of": wording.tone_of,
    }
    return made
