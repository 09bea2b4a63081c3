"""`/api/v1/plugins`: what is wished of each plugin, and what the workers have made of it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from duetime.core.access import Feature, Role
from duetime.web.api.paths import API
from duetime.web.api_route import ApiRoute
from duetime.web.need import CurrentVisitor, needs
from duetime.web.parameters import PlainText
from duetime.web.plugin_rows import PluginRow, Reached, plugin_rows
from duetime.web.plugin_steering import PluginVerb, require_plugin, steer_plugin
from duetime.web.ports import CurrentApp
from duetime.web.waiting_types import WaitingType, waiting_for

router = APIRouter(prefix=f"{API}/plugins", tags=["plugins"], route_class=ApiRoute)
PluginName = Annotated[PlainText, Path(min_length=1, max_length=200, description="The plugin's name.")]


class PluginWorkerOut(BaseModel):
    """What one living worker has made of a wish."""

    worker: str
    generation: int
    state: str = Field(description="`loaded`, `unloaded`, `failed`, or `waiting` before it has come to the wish.")
    error: str

    @classmethod
    def of(cls, reached: Reached) -> "PluginWorkerOut":
        """Return it as the API shows it."""
        return cls(worker=reached.worker, generation=reached.generation, state=reached.state, error=reached.error)


class PluginOut(BaseModel):
    """One plugin."""

    plugin: str
    wish: str = Field(description="`loaded` or `unloaded`.")
    generation: int = Field(description="Grows with every wish.")
    status: str = Field(description="The worst of what the workers have made of it; the wish when there is no worker.")
    is_found: bool = Field(description="Whether the web server finds it among its own plugins.")
    workers: list[PluginWorkerOut]
    event_types: list[str]
    actions: list[str]
    filters: list[str]
    overrides: list[str] = Field(description="The built-in names that it stands before.")

    @classmethod
    def of(cls, row: PluginRow) -> "PluginOut":
        """Return a plugin as the API shows it."""
        return cls(
            plugin=row.name,
            wish=row.wish,
            generation=row.generation,
            status=row.status,
            is_found=row.location is not None,
            workers=[PluginWorkerOut.of(each) for each in row.workers],
            event_types=list(row.event_types),
            actions=list(row.actions),
            filters=list(row.filters),
            overrides=list(row.overrides),
        )


class WaitingTypeOut(BaseModel):
    """An event type with scheduled events that no living worker can run."""

    event_type: str
    plugin: str | None = Field(description="Who brought it last; null when nobody ever has.")
    scheduled: int
    due: int
    since: datetime | None = Field(description="Since when the earliest of them has been due.")
    more: bool = Field(description="Whether there are more of them than were counted.")

    @classmethod
    def of(cls, waiting: WaitingType) -> "WaitingTypeOut":
        """Return it as the API shows it."""
        return cls(
            event_type=waiting.event_type,
            plugin=waiting.plugin,
            scheduled=waiting.scheduled,
            due=waiting.due,
            since=waiting.since,
            more=waiting.more,
        )


class PluginsOut(BaseModel):
    """The plugins, and what waits for one."""

    plugins: list[PluginOut]
    waiting: list[WaitingTypeOut]
    workers: int = Field(description="How many workers are alive.")
    search_problem: str = Field(description="Why the web server cannot look for plugins; empty when it can.")


class WishIn(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")
    reason: Annotated[PlainText, Field(max_length=1000, description="Why; kept in the audit trail.")] = ""


@router.get("", dependencies=[needs(Feature.PLUGINS)])
def list_plugins(app: CurrentApp, visitor: CurrentVisitor) -> PluginsOut:
    """List the plugins, and the event types that wait for a handler as far as you may see their events."""
    rows, workers, problem = plugin_rows(app)
    with app.store.read() as tx:
        waiting = waiting_for(tx, visitor)
    return PluginsOut(
        plugins=[PluginOut.of(row) for row in rows],
        waiting=[WaitingTypeOut.of(each) for each in waiting],
        workers=workers,
        search_problem=problem,
    )


@router.get("/{name}", dependencies=[needs(Feature.PLUGINS)])
def get_plugin(name: PluginName, app: CurrentApp) -> PluginOut:
    """Get a plugin."""
    return _plugin(app, name)


@router.post("/{name}/{verb}", dependencies=[needs(Feature.PLUGINS, Role.ADMIN)], status_code=202)
def wish_plugin(
    name: PluginName, verb: PluginVerb, app: CurrentApp, visitor: CurrentVisitor, body: WishIn | None = None
) -> PluginOut:
    """Wish a plugin loaded, unloaded or loaded anew. The workers bring it about at their next rounds."""
    steer_plugin(app, visitor, name, verb, reason=body.reason if body else "")
    return _plugin(app, name)


def _plugin(app: CurrentApp, name: str) -> PluginOut:
    require_plugin(app, name)
    rows, _, _ = plugin_rows(app)
    return next(PluginOut.of(row) for row in rows if row.name == name)
