"""`duetime events`: what is planned, and everything that may be done about it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from duetime.cli import event_list, event_schedule, event_show, event_types
from duetime.cli.options import At, Delay, EventId, Json, Reason, ScheduleJson
from duetime.cli.output import distance, instant, line
from duetime.cli.plain import emit

if TYPE_CHECKING:
    from datetime import datetime

    from duetime.core.events import Event
    from duetime.scheduling.client import Client

app = typer.Typer(help="See and steer what is planned.", no_args_is_help=True)
app.command("list")(event_list.list_events)
app.command("show")(event_show.show)
app.command("schedule")(event_schedule.schedule)
app.command("types")(event_types.list_types)


@app.command()
def cancel(event_id: EventId, reason: Reason = "", as_json: Json = False) -> None:
    """Take an event back for good. One that is running ends first, with its true outcome."""
    _steer(lambda client, who: client.cancel(event_id, actor=who, reason=reason), as_json=as_json)


@app.command()
def pause(event_id: EventId, reason: Reason = "", as_json: Json = False) -> None:
    """Keep an event from running until it is resumed."""
    _steer(lambda client, who: client.pause(event_id, actor=who, reason=reason), as_json=as_json)


@app.command()
def resume(
    event_id: EventId,
    reason: Reason = "",
    catch_up: Annotated[
        str | None, typer.Option("--catch-up", help="What becomes of missed times: latest, all or skip.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Let a paused event run again."""
    _steer(lambda client, who: client.resume(event_id, actor=who, reason=reason, catch_up=catch_up), as_json=as_json)


@app.command()
def reschedule(
    event_id: EventId,
    delay: Delay = None,
    at: At = None,
    schedule: ScheduleJson = None,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Give a scheduled or paused event another time."""
    from duetime.cli.when import read_when

    def move(client: "Client", who: str) -> "Event":
        when = read_when(delay=delay, at=at, schedule=schedule, now=client.now())
        return client.reschedule(event_id, when, may_end_recurrence=schedule is not None, actor=who, reason=reason)

    _steer(move, as_json=as_json)


@app.command("run")
def run_now(event_id: EventId, reason: Reason = "", as_json: Json = False) -> None:
    """Run an event now.

    A one-off that is still to come is moved to now. For a recurring event, or one that has ended, another event is
    added and shown; the event itself keeps its times.
    """
    _steer(lambda client, who: client.run_now(event_id, actor=who, reason=reason), as_json=as_json)


@app.command()
def resolve(
    event_id: EventId,
    resolution: Annotated[str, typer.Option("--as", metavar="retry|succeeded|failed|cancelled", help="How.")],
    reason: Annotated[str, typer.Option("--reason", help="How the outcome is known; required.")],
    as_json: Json = False,
) -> None:
    """Settle a held event: say what really happened, or that it shall be tried again."""
    _steer(lambda client, who: client.resolve(event_id, resolution, actor=who, reason=reason), as_json=as_json)


def _steer(verb: "Callable[[Client, str], Event]", *, as_json: bool) -> None:
    """Do something to an event and show how it stands afterwards."""
    from duetime.cli.opening import actor, opened

    with opened() as duetime:
        event = verb(duetime.client, actor())
        now = duetime.store.now()
    if as_json:
        emit(event)
    else:
        line(_standing(event, now=now))


def _standing(event: "Event", *, now: "datetime") -> str:
    if event.status.is_final:
        return f"Event {event.event_id} is {event.status}."
    if event.wish is not None:
        return f"Event {event.event_id} is running; when this attempt ends: {event.wish}."
    when = f"due at {instant(event.due_at)} ({distance(event.due_at, now=now)})"
    return f"Event {event.event_id} is {event.status}, {when}."
