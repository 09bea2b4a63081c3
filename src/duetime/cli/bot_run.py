"""`duetime bots run`: a run on demand, and what came of it."""

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from duetime.cli.exit_codes import ExitCode
from duetime.cli.options import Json
from duetime.cli.output import error_line, line
from duetime.cli.plain import emit
from duetime.cli.waiting import progress, wait_until
from duetime.core.statuses import EventStatus

if TYPE_CHECKING:
    from duetime.core.events import Event, Run
    from duetime.store.store import Store

_DONE = {
    "schedule": "scheduled",
    "keep": "kept",
    "replace": "replaced",
    "cancel": "cancelled",
    "drop": "dropped",
}
_NO_WORKER = "No worker is alive, so nothing runs it yet. Start one with `duetime worker`."


def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The bot's name.")],
    wait: Annotated[
        bool | None,
        typer.Option("--wait/--no-wait", help="Wait for what comes of it. By default, when a worker is alive."),
    ] = None,
    timeout: Annotated[str, typer.Option("--timeout", metavar="SPAN", help="How long to wait at most.")] = "10m",
    as_json: Json = False,
) -> None:
    """Run a bot now: a worker finds its resources and calls its actions.

    Exits with 6 when it was waited for and did not succeed.
    """
    from duetime.bots.planned_run import request_run
    from duetime.cli.opening import actor, opened
    from duetime.cli.when import read_span
    from duetime.scheduling.situation import beating_workers

    at_most = read_span(timeout, option="--timeout")
    with opened() as duetime:
        event = request_run(duetime.client, name, actor=actor())
        with duetime.store.read() as tx:
            alive = bool(beating_workers(tx))
        waits = alive if wait is None else wait
        if waits and alive:
            event = _follow(duetime.store, event, name=name, at_most=at_most, shown=not as_json)
        with duetime.store.read() as tx:
            runs = tx.runs.of_event(event.event_id, most=1)
    last = runs[-1] if runs else None
    if as_json:
        emit(event, worker_alive=alive, run=last)
    else:
        _say(event, last, name=name, alive=alive, waited=waits and alive)
    if waits and event.status is not EventStatus.SUCCEEDED:
        raise typer.Exit(ExitCode.ATTENTION)


def _follow(store: "Store", event: "Event", *, name: str, at_most: timedelta, shown: bool) -> "Event":
    """Wait until the run has ended, and show where it stands."""
    seen = [event]
    with progress(wanted=shown) as bars:
        task = None if bars is None else bars.add_task(f"bot {name}", total=None, note="waits for a worker")

        def ended() -> bool:
            with store.read() as tx:
                seen.append(tx.events.get(event.event_id))
            now = seen.pop()
            seen[:] = [now]
            if bars is not None and task is not None:
                bars.update(task, note=now.status_reason or f"is {now.status}")
            return now.status.is_final

        wait_until(ended, at_most=at_most)
    return seen[0]


def _say(event: "Event", last: "Run | None", *, name: str, alive: bool, waited: bool) -> None:
    if not alive:
        line(f"A run of bot {name} is scheduled as event {event.event_id}.")
        error_line(_NO_WORKER)
    elif not waited:
        line(f"A run of bot {name} is scheduled as event {event.event_id}.")
    elif not event.status.is_final:
        why = f" ({event.status_reason})" if event.status_reason else ""
        line(f"The run of bot {name}, event {event.event_id}, is still {event.status}{why}.")
    elif last is None or event.status is not EventStatus.SUCCEEDED:
        why = "" if last is None else f": {last.error or last.reason}"
        line(f"The run of bot {name}, event {event.event_id}, ended as {event.status}{why}")
    else:
        line(f"Bot {name} has run (event {event.event_id}): {_found(last)}.")


def _found(run: "Run") -> str:
    """Say what the run's report says, in one line."""
    report: dict[str, Any] = json.loads(run.result or "{}")
    actions = [f"{action['uid']} for {action['matches']}" for action in report.get("actions", ())]
    matches = report.get("matches", 0)
    counts = [f"{_DONE[effect]} {count}" for effect, count in report.get("events", {}).items() if count]
    events = f"; events: {', '.join(counts)}" if counts else ""
    left_out = [f"account {each['account']} left out: {each['reason']}" for each in report.get("left_out", ())]
    noun = "resource" if matches == 1 else "resources"
    said = f"{matches} {noun} matched; {', '.join(actions) or 'it has no action'}{events}"
    return "; ".join((said, *left_out))
