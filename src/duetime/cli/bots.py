"""`duetime bots`: who asks for events."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from duetime.cli import bot_run
from duetime.cli.options import Json, Reason
from duetime.cli.output import distance, instant, line, status, table
from duetime.cli.plain import emit, plain

if TYPE_CHECKING:
    from datetime import datetime

    from duetime.bots.definition import WrittenBot
    from duetime.bots.lifecycle import Applied, PendingEvents
    from duetime.core.bots import Bot
    from duetime.scheduling.client import Client

app = typer.Typer(help="Apply bots, run them, and see what they ask for.", no_args_is_help=True)
app.command("run")(bot_run.run)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The bot's name.")]


@app.command()
def apply(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="YAML or JSON files; - reads standard input.")],
    cancel_pending: Annotated[
        bool, typer.Option("--cancel-pending", help="Cancel what a changed bot has scheduled before.")
    ] = False,
    allow_unknown: Annotated[
        bool, typer.Option("--allow-unknown", help="Accept filters and actions that nobody has loaded; the bot waits.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make the bots what the files say. Nothing is changed when one of them is wrong."""
    from duetime.bots.lifecycle import PendingEvents
    from duetime.cli.opening import actor, opened

    pending = PendingEvents.CANCEL if cancel_pending else PendingEvents.KEEP
    with opened(plugins=True) as duetime:
        applied = apply_files(
            files,
            client=duetime.client,
            pending=pending,
            allow_unknown=allow_unknown,
            actor=actor(),
        )
    if as_json:
        emit(
            [
                plain(each.bot, is_new=each.is_new, is_changed=each.is_changed, cancelled=each.cancelled)
                for each in applied
            ]
        )
        return
    for each in applied:
        what = "new" if each.is_new else "changed" if each.is_changed else "unchanged"
        cancelled = f", {each.cancelled} pending events cancelled" if each.cancelled else ""
        line(f"{each.bot.name}: {what}, version {each.bot.version}{cancelled}.")


def apply_files(
    files: "list[Path]", *, client: "Client", pending: "PendingEvents", allow_unknown: bool = False, actor: str
) -> "list[Applied]":
    """Read and check every bot of every file, then apply them all.

    Raises:
        InvalidDocument: one is wrong; file, line and column say where.
    """
    import sys

    from duetime.bots.check import check_bot
    from duetime.bots.document import read_file, read_text
    from duetime.bots.lifecycle import apply_bot

    written: list[WrittenBot] = []
    for path in files:
        written += read_text(sys.stdin.read(), source="standard input") if str(path) == "-" else read_file(path)
    for bot in written:
        check_bot(bot, registries=client.registries, allow_unknown=allow_unknown)
    return [apply_bot(client, bot.definition, pending=pending, actor=actor) for bot in written]


@app.command("list")
def list_bots(as_json: Json = False) -> None:
    """List the bots, with their next runs."""
    from duetime.bots.lifecycle import RUN_BOT
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


@app.command()
def pause(name: Name, reason: Reason = "", as_json: Json = False) -> None:
    """Stop a bot's runs. The events that it has scheduled still run."""
    from duetime.bots.lifecycle import pause_bot

    _move(lambda client, who: pause_bot(client, name, actor=who, reason=reason), as_json=as_json)


@app.command()
def resume(name: Name, reason: Reason = "", as_json: Json = False) -> None:
    """Let a paused bot run again."""
    from duetime.bots.lifecycle import resume_bot

    _move(lambda client, who: resume_bot(client, name, actor=who, reason=reason), as_json=as_json)


@app.command()
def archive(name: Name, reason: Reason = "", as_json: Json = False) -> None:
    """End a bot for good, and cancel the events that it has scheduled."""
    from duetime.bots.lifecycle import archive_bot
    from duetime.cli.opening import actor, opened

    with opened() as duetime:
        bot, cancelled = archive_bot(duetime.client, name, actor=actor(), reason=reason)
    if as_json:
        emit(bot, cancelled=cancelled)
    else:
        line(f"Bot {bot.name} is archived; {cancelled} pending events were cancelled.")


def _move(verb: "Callable[[Client, str], Bot]", *, as_json: bool) -> None:
    from duetime.cli.opening import actor, opened

    with opened() as duetime:
        bot = verb(duetime.client, actor())
    if as_json:
        emit(bot)
    else:
        line(f"Bot {bot.name} is {bot.status.lower()}.")
