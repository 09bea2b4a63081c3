"""`duetime history`: what happened, when, why, and why not."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

from duetime.cli import history_undo
from duetime.cli.options import Json, Limit
from duetime.cli.output import error_line, instant, short_resource, status, table
from duetime.cli.plain import emit
from duetime.core.statuses import RunStatus

if TYPE_CHECKING:
    from duetime.core.events import Run
    from duetime.store.run_table import RunCount

_LONG = re.compile(r"^(.{200}).+$", re.DOTALL)

app = typer.Typer(help="See what happened, and why or why not.", no_args_is_help=True)
app.command("undo")(history_undo.undo)

Type = Annotated[str | None, typer.Option("--type", help="Only runs of this event type.")]
Bot = Annotated[str | None, typer.Option("--bot", help="Only runs of this bot's events.")]
Since = Annotated[str | None, typer.Option("--since", metavar="SPAN", help="Only runs that ended in the last 24h, 7d.")]


@app.command("list")
def list_runs(
    *,
    run_status: Annotated[RunStatus | None, typer.Option("--status", help="Only runs that ended so.")] = None,
    event_type: Type = None,
    event_id: Annotated[int | None, typer.Option("--event", metavar="ID", help="Only runs of this event.")] = None,
    resource_id: Annotated[str | None, typer.Option("--resource", help="Only runs for this resource.")] = None,
    account: Annotated[str | None, typer.Option("--account", help="Only runs for resources of this account.")] = None,
    bot: Bot = None,
    text: Annotated[
        str | None, typer.Option("--text", help="Only runs with this in their resource, type, reason or error.")
    ] = None,
    since: Since = None,
    limit: Limit = 50,
    before: Annotated[
        str | None, typer.Option("--before", metavar="RUN", help="Only runs before this one: the next page.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List what came of each attempt, the newest first."""
    from duetime.cli.opening import opened
    from duetime.cli.when import read_span
    from duetime.store.page import RunPlace
    from duetime.store.run_table import RunQuery

    with opened() as duetime, duetime.store.read() as tx:
        query = RunQuery(
            statuses=() if run_status is None else (run_status,),
            event_type=event_type,
            event_id=event_id,
            resource_id=resource_id,
            accounts=None if account is None else frozenset({account}),
            bot_id=None if bot is None else tx.bots.by_name(bot).bot_id,
            text=text,
            finished_after=None if since is None else tx.now - read_span(since, option="--since"),
            after=None if before is None else RunPlace.of(tx.runs.get(before)),
            most=limit + 1,
        )
        found = tx.runs.find(query)
        if not found and event_id is not None:
            tx.events.get(event_id)  # one that never was is a mistake; one that was pruned has its runs pruned too
        shown = found[:limit]
        undoing = history_undo.Undoing.of(tx, shown)
    if as_json:
        emit([undoing.to_json(run) for run in shown])
        return
    _show(shown, undoing)
    if len(found) > limit:
        error_line(f"There are more: add --before {shown[-1].run_id}")


def _show(runs: "list[Run]", undoing: "history_undo.Undoing") -> None:
    table(
        ["event!", "type", "due!", "status!", "resource, or why"],
        (
            (
                run.event_id,
                run.event_type,
                instant(run.due_at),
                status(run.status),
                "\n".join(filter(None, (_what(run), undoing.describe(run)))),
            )
            for run in runs
        ),
        numbers=["event"],
        empty="Nothing has happened yet.",
    )


def _what(run: "Run") -> str:
    """Return which resource it was for, and why it ended so when that is worth a line."""
    reason = run.error or run.reason
    parts = [short_resource(run.resource_id)] if run.resource_id is not None else []
    if run.covers_count > 1:
        parts.append(f"{run.covers_count} due times up to {instant(run.covers_until)}")
    if reason:
        parts.append(reason)
    return "\n".join(parts) or _LONG.sub(r"\1 ...", run.result or "")


@app.command()
def stats(event_type: Type = None, bot: Bot = None, since: Since = None, as_json: Json = False) -> None:
    """Count runs by event type and by how they ended."""
    from duetime.cli.opening import opened
    from duetime.cli.when import read_span
    from duetime.store.run_table import RunQuery

    with opened() as duetime, duetime.store.read() as tx:
        query = RunQuery(
            event_type=event_type,
            bot_id=None if bot is None else tx.bots.by_name(bot).bot_id,
            finished_after=None if since is None else tx.now - read_span(since, option="--since"),
        )
        counts = tx.runs.counts(query)
    if as_json:
        emit(counts)
    else:
        show_counts(counts)


def show_counts(counts: "list[RunCount]") -> None:
    """Print counts with a line for each type and a column for each status that occurs."""
    statuses = [each for each in RunStatus if any(count.status is each for count in counts)]
    by_place = {(count.event_type, count.status): count.runs for count in counts}
    names = [each.replace("_", " ") for each in statuses]
    table(
        ["type", *names, "all"],
        (
            (
                kind,
                *(by_place.get((kind, each), 0) for each in statuses),
                sum(by_place.get((kind, each), 0) for each in statuses),
            )
            for kind in dict.fromkeys(count.event_type for count in counts)
        ),
        numbers=[*names, "all"],
        empty="Nothing has happened yet.",
    )
