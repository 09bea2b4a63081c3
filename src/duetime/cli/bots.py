"""`duetime bots`: who asks for events."""

from typing import TYPE_CHECKING

import typer

from duetime.cli import bot_apply, bot_documents, bot_plan, bot_run, bot_state, bot_versions
from duetime.cli.options import Json
from duetime.cli.output import distance, instant, status, table
from duetime.cli.plain import emit, plain

if TYPE_CHECKING:
    from datetime import datetime

    from duetime.core.bots import Bot

app = typer.Typer(help="Apply bots, run them, and see what they ask for.", no_args_is_help=True)
app.command("apply")(bot_apply.apply)
app.command("run")(bot_run.run)
app.command("plan")(bot_plan.plan)
app.command("pause")(bot_state.pause)
app.command("resume")(bot_state.resume)
app.command("archive")(bot_state.archive)
app.command("validate")(bot_documents.validate)
app.command("export")(bot_documents.export)
app.command("import")(bot_documents.import_)
app.command("versions")(bot_versions.versions)
app.command("compare")(bot_versions.compare)
app.command("activate")(bot_versions.activate)


@app.command("list")
def list_bots(as_json: Json = False) -> None:
    """List the bots, with their next runs."""
    from duetime.bots.planned_run import RUN_BOT
    from duetime.cli.opening import opened
    from duetime.core.statuses import EventStatus
    from duetime.store.event_table import EventQuery

    with opened() as duetime, duetime.store.read() as tx:
        found = tx.bots.all()
        runs = tx.events.next_due(EventQuery(statuses=(EventStatus.SCHEDULED,), event_type=RUN_BOT, most=10_000))
        now = tx.now
    next_runs: dict[int | None, datetime] = {}
    for event in runs:
        next_runs.setdefault(event.bot_id, event.due_at)
    if as_json:
        emit([plain(bot, next_run_at=next_runs.get(bot.bot_id)) for bot in found])
        return
    table(
        ["bot", "status!", "version", "schedule", "next run"],
        ((bot.name, status(bot.status), bot.version, _schedule(bot), _next(bot, next_runs, now)) for bot in found),
        numbers=["version"],
        empty="There is no bot. `duetime bots apply FILE` makes one.",
    )


def _schedule(bot: "Bot") -> str:
    return "on demand" if bot.definition.schedule is None else bot.definition.schedule.describe()


def _next(bot: "Bot", next_runs: "dict[int | None, datetime]", now: "datetime") -> str:
    due_at = next_runs.get(bot.bot_id)
    return "" if due_at is None else f"{instant(due_at)}\n({distance(due_at, now=now)})"
