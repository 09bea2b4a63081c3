"""`duetime events schedule`."""

from typing import Annotated

import typer

from duetime.cli.options import At, Delay, Json, ScheduleJson
from duetime.cli.output import distance, instant, line
from duetime.cli.plain import emit


def schedule(
    event_type: Annotated[
        str, typer.Argument(metavar="TYPE", help="What to do, such as divvy.stop_resource; see `duetime events types`.")
    ],
    *,
    resource_id: Annotated[
        str | None, typer.Option("--resource", metavar="ID", help="For which resource: type:account:region:id:")
    ] = None,
    args: Annotated[
        str | None, typer.Option("--args", metavar="JSON", help="What the job is given, as a JSON object.")
    ] = None,
    delay: Delay = None,
    at: At = None,
    schedule_json: ScheduleJson = None,
    description: Annotated[str, typer.Option("--description", help="What for, in words.")] = "",
    expires_after: Annotated[
        str | None, typer.Option("--expires-after", metavar="SPAN", help="How late a one-off may still start.")
    ] = None,
    catch_up: Annotated[
        str | None, typer.Option("--catch-up", help="What becomes of missed times: latest, all or skip.")
    ] = None,
    allow_unknown: Annotated[
        bool, typer.Option("--allow-unknown", help="Accept a type that nobody has brought yet; the event waits.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Schedule an event by hand, with exactly one of --in, --at and --schedule."""
    from duetime.cli.opening import actor, opened
    from duetime.cli.when import read_span, read_when
    from duetime.scheduling.situation import beating_workers

    with opened() as duetime:
        event = duetime.client.schedule(
            event_type,
            read_when(delay=delay, at=at, schedule=schedule_json, now=duetime.client.now()),
            resource_id=resource_id,
            args=args,
            description=description,
            expires_after=None if expires_after is None else read_span(expires_after, option="--expires-after"),
            catch_up=catch_up,
            allow_unknown=allow_unknown,
            actor=actor(),
        )
        with duetime.store.read() as tx:
            alive = bool(beating_workers(tx))
            now = tx.now
    if as_json:
        emit(event)
        return
    line(f"Event {event.event_id} is scheduled, due at {instant(event.due_at)} ({distance(event.due_at, now=now)}).")
    if event.recurring:
        line(f"Then {event.schedule.describe()}.")
    if not alive:
        line("No worker is alive that could run it. Start one with `duetime worker`.")
