"""`/api/v1/event-types`: what can be done, and who can do it now."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field
from starlette.responses import Response

from duetime.core.access import Feature
from duetime.core.errors import UnknownName, nearest
from duetime.core.event_types import EventType
from duetime.core.statuses import OnLost
from duetime.scheduling.situation import beating_workers
from duetime.store.session_table import WorkerSession
from duetime.web.answers import not_modified
from duetime.web.api.paths import API
from duetime.web.api_route import ApiRoute
from duetime.web.etags import IfNoneMatch, single
from duetime.web.need import needs
from duetime.web.parameters import PlainText
from duetime.web.ports import CurrentApp

router = APIRouter(prefix=f"{API}/event-types", tags=["plugins"], route_class=ApiRoute)


class EventTypeOut(BaseModel):
    """An event type that somebody has brought."""

    event_type: str
    plugin: str
    description: str
    arguments: dict[str, Any] = Field(description="JSON schema of the arguments.")
    destructive: bool
    inverse: str | None = Field(description="The event type that undoes it.")
    on_lost: OnLost
    attempts: int = Field(description="How often it is tried at most.")
    timeout_seconds: float | None
    expires_after_seconds: float | None = Field(description="How late a one-off may still start.")
    catch_up: str
    max_group: int
    workers: int = Field(description="How many living workers can run it.")

    @classmethod
    def of(cls, kind: EventType, workers: tuple[WorkerSession, ...]) -> "EventTypeOut":
        """Return an event type as the API shows it."""
        return cls(
            event_type=kind.event_type,
            plugin=kind.plugin,
            description=kind.description,
            arguments=dict(kind.arguments),
            destructive=kind.destructive,
            inverse=kind.inverse,
            on_lost=kind.on_lost,
            attempts=kind.retry.attempts,
            timeout_seconds=None if kind.timeout is None else kind.timeout.total_seconds(),
            expires_after_seconds=None if kind.expires_after is None else kind.expires_after.total_seconds(),
            catch_up=kind.catch_up,
            max_group=kind.max_group,
            workers=sum(kind.event_type in worker.event_types for worker in workers),
        )


@router.get("", dependencies=[needs(Feature.PLUGINS)])
def list_event_types(app: CurrentApp) -> list[EventTypeOut]:
    """List the event types that are known: what each does, its arguments, what undoes it, and who can run it."""
    with app.store.read() as tx:
        workers = beating_workers(tx)
        return [EventTypeOut.of(kind, workers) for kind in tx.event_types.all()]


@router.get(
    "/{event_type}", dependencies=[needs(Feature.PLUGINS)], response_model=EventTypeOut, responses=not_modified()
)
def get_event_type(
    event_type: Annotated[PlainText, Path(max_length=200, description="Its id, such as divvy.stop_resource.")],
    app: CurrentApp,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Get an event type."""
    with app.store.read() as tx:
        found = tx.event_types.by_ids([event_type]).get(event_type)
        if found is None:
            near = nearest(event_type, [kind.event_type for kind in tx.event_types.all()])
            raise UnknownName("event type", event_type, near=near)
        body = EventTypeOut.of(found, beating_workers(tx))
    return single(body, if_none_match=if_none_match)
