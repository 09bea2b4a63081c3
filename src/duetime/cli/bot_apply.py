"""`duetime bots apply`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from duetime.cli.bot_examination import examine
from duetime.cli.consent import Yes, ask_consent, events_in_words
from duetime.cli.options import Json
from duetime.cli.output import line
from duetime.cli.plain import emit, plain

if TYPE_CHECKING:
    from duetime.bots.definition import WrittenBot
    from duetime.bots.lifecycle import Applied
    from duetime.bots.pending import PendingEvents
    from duetime.scheduling.client import Client

CHOICES = ("keep", "re-evaluate", "cancel")
PENDING_OPTION = typer.Option(
    "--pending",
    metavar="WHAT",
    help="What becomes of a changed bot's pending events: keep (the default), re-evaluate, or cancel.",
)


def apply(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="YAML or JSON files; - reads standard input.")],
    pending: Annotated[str, PENDING_OPTION] = "keep",
    allow_unknown: Annotated[
        bool, typer.Option("--allow-unknown", help="Accept filters and actions that nobody has loaded; the bot waits.")
    ] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Make the bots what the files say. Nothing is changed when one of them is wrong."""
    from duetime.cli.opening import actor, opened

    choice = read_choice(pending, choices=CHOICES)
    with opened(plugins=True) as duetime:
        written = read_all(files, client=duetime.client, allow_unknown=allow_unknown)
        _ask(written, client=duetime.client, choice=choice, yes=yes, shown=not as_json)
        applied = apply_all(written, client=duetime.client, pending=choice, actor=actor())
    if as_json:
        emit(
            [
                plain(
                    each.bot,
                    is_new=each.is_new,
                    is_changed=each.is_changed,
                    cancelled=each.cancelled,
                    pending=each.pending,
                )
                for each in applied
            ]
        )
        return
    for each in applied:
        what = "new" if each.is_new else "changed" if each.is_changed else "unchanged"
        line(f"{each.bot.name}: {what}, version {each.bot.version}{pending_in_words(each)}.")


def apply_files(
    files: "Sequence[Path]", *, client: "Client", pending: "PendingEvents", allow_unknown: bool = False, actor: str
) -> "list[Applied]":
    """Read and check every bot of every file, then apply them all.

    Raises:
        InvalidDocument: one is wrong; file, line and column say where.
    """
    written = read_all(files, client=client, allow_unknown=allow_unknown)
    return apply_all(written, client=client, pending=pending, actor=actor)


def read_all(files: "Sequence[Path]", *, client: "Client", allow_unknown: bool = False) -> "list[WrittenBot]":
    """Read and check every bot of every file.

    Raises:
        InvalidDocument: one is wrong; file, line and column say where.
    """
    from duetime.bots.check import check_bot

    types = {*client.registries.event_types, *client.event_types()}
    written = [bot for each in examine(files, older=False) for bot in each.flawless()]
    for bot in written:
        check_bot(bot, registries=client.registries, event_types=types, allow_unknown=allow_unknown)
    return written


def apply_all(
    written: "Sequence[WrittenBot]", *, client: "Client", pending: "PendingEvents", actor: str
) -> "list[Applied]":
    """Apply bots that were read and checked."""
    from duetime.bots.lifecycle import apply_bot

    return [apply_bot(client, bot.definition, pending=pending, actor=actor) for bot in written]


def read_choice(text: str, *, choices: Sequence[str]) -> "PendingEvents":
    """Return what shall become of pending events.

    Raises:
        Invalid: it is none of `choices`.
    """
    from duetime.bots.pending import PendingEvents
    from duetime.core.errors import Invalid

    if text not in choices:
        message = f"--pending takes {', '.join(choices[:-1])} or {choices[-1]}, not {text!r}."
        raise Invalid(message)
    return PendingEvents(text)


def _ask(written: "Sequence[WrittenBot]", *, client: "Client", choice: "PendingEvents", yes: bool, shown: bool) -> None:
    """Show what would become of pending events, and ask when some of them would be cancelled."""
    from duetime.bots.lifecycle import preview_apply
    from duetime.bots.pending import PendingEvents

    if choice is PendingEvents.KEEP:
        return
    previews = [preview_apply(client, bot.definition, pending=choice) for bot in written]
    changed = [preview for preview in previews if preview is not None and preview.is_changed]
    for preview in changed if shown else ():
        line(f"{preview.bot.name}: would {preview.pending.in_words()}.")
    cancelled = sum(preview.cancelled for preview in changed)
    if cancelled:
        names = ", ".join(preview.bot.name for preview in changed if preview.cancelled)
        what = f"This would cancel {events_in_words(cancelled)} of {names}."
        ask_consent(what, instead="leave --pending out to keep them", yes=yes)


def pending_in_words(applied: "Applied") -> str:
    """Say what became of a changed bot's pending events, as the end of a sentence; empty when it had none."""
    numbers = applied.pending
    kept = f"; {events_in_words(numbers.kept)} kept" if numbers.kept else ""
    return kept + (f"; {events_in_words(numbers.cancelled)} cancelled" if numbers.cancelled else "")
