"""`/plugins`: what is wished of each plugin, what the workers have made of it, and which events wait for one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from starlette.responses import RedirectResponse, Response

from duetime.core.access import Feature, Role
from duetime.web.need import CurrentVisitor, needs
from duetime.web.pages.paths import with_query
from duetime.web.pages.rendering import PageContext, render
from duetime.web.parameters import PlainText
from duetime.web.plugin_rows import PluginRow, plugin_rows
from duetime.web.plugin_steering import (
    PluginVerb,
    may_steer_plugins,
    require_plugin,
    require_steering,
    steer_plugin,
)
from duetime.web.ports import CurrentApp
from duetime.web.waiting_types import WaitingType, waiting_for

router = APIRouter(include_in_schema=False)
PluginName = Annotated[PlainText, Path(max_length=200)]


@dataclass(frozen=True, slots=True)
class PluginsPage(PageContext):
    """The plugins.

    Attributes:
        waiting: the event types that have scheduled events and no worker to run them.
        workers: how many workers are alive.
        search_problem: why this process cannot look for plugins; empty when it can.
        is_settling: whether a worker has still to bring a wish about: then the page looks again by itself.
    """

    template = "plugins.html"
    rows: tuple[PluginRow, ...]
    waiting: tuple[WaitingType, ...]
    workers: int
    now: datetime
    may_steer: bool
    search_problem: str
    is_settling: bool


@dataclass(frozen=True, slots=True)
class PluginVerbPage(PageContext):
    """The question before a plugin is loaded or unloaded.

    Attributes:
        waits: how many scheduled events there are of each of its types; they wait while it is unloaded.
    """

    template = "plugin_verb.html"
    row: PluginRow
    verb: PluginVerb
    waits: tuple[WaitingType, ...]
    workers: int
    now: datetime


@router.get("/plugins", dependencies=[needs(Feature.PLUGINS)])
def plugins_page(request: Request, app: CurrentApp, visitor: CurrentVisitor) -> Response:
    """List the plugins."""
    rows, workers, problem = plugin_rows(app)
    with app.store.read() as tx:
        waiting, now = waiting_for(tx, visitor), tx.now
    context = PluginsPage(
        rows=rows,
        waiting=waiting,
        workers=workers,
        now=now,
        may_steer=may_steer_plugins(visitor),
        search_problem=problem,
        is_settling=any(row.status == "waiting" for row in rows),
    )
    return render(request, context)


@router.get("/plugins/{name}/{verb}", dependencies=[needs(Feature.PLUGINS, Role.ADMIN)])
def ask(request: Request, name: PluginName, verb: PluginVerb, app: CurrentApp, visitor: CurrentVisitor) -> Response:
    """Ask before a plugin is loaded or unloaded."""
    require_steering(visitor)
    require_plugin(app, name)
    rows, workers, _ = plugin_rows(app)
    row = next(row for row in rows if row.name == name)
    with app.store.read() as tx:
        waits, now = waiting_for(tx, visitor, types=row.event_types), tx.now
    return render(request, PluginVerbPage(row, verb, waits, workers, now))


@router.post("/plugins/{name}/{verb}", dependencies=[needs(Feature.PLUGINS, Role.ADMIN)])
def steer(
    name: PluginName,
    verb: PluginVerb,
    app: CurrentApp,
    visitor: CurrentVisitor,
    reason: Annotated[PlainText, Form(max_length=1000)] = "",
) -> Response:
    """Wish a plugin loaded or unloaded."""
    steer_plugin(app, visitor, name, verb, reason=reason)
    return RedirectResponse(with_query("/plugins", done=f"plugin-{verb}ed"), status_code=303)
