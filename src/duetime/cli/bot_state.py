"""`duetime bots pause`, `resume` and `archive`: each says what becomes of the bot's pending events."""

from typing import TYPE_CHECKING, Annotated

import typer

from duetime.cli.bot_apply import read_choice
from duetime.cli.consent import Yes, ask_consent, events_in_words
from duetime.cli.options import Json, Reason
from duetime.cli.output import line
from duetime.cli.plain import emit

if TYPE_CHECKING:
    from duetime.bots.lifecycle import Moved
    from duetime.bots.pending import PendingNumbers

Name = Annotated[str, typer.Argument(metavar="NAME", help="The bot's name.")]
_CHOICES = ("keep", "pause", "cancel")


def pause(
    name: Name,
    pending: Annotated[
        str,
        typer.Option(
            "--pending",
            metavar="WHAT",
            help="What becomes of the events that it has pending: keep (the default), pause, or cancel.",
        ),
    ] = "keep",
    reason: Reason = "",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Stop a bot's runs. The events that it has scheduled still run, unless --pending says otherwise."""
    from duetime.bots.lifecycle import pause_bot, preview_pause
    from duetime.cli.opening import actor, opened

    choice = read_choice(pending, choices=_CHOICES)
    with opened() as duetime:
        outlook = preview_pause(duetime.client, name, pending=choice)
        _show(name, outlook, yes=yes, shown=not as_json, instead="use --pending pause or --pending keep")
        moved = pause_bot(duetime.client, name, pending=choice, actor=actor(), reason=reason)
    _say(moved, as_json=as_json)


def resume(name: Name, reason: Reason = "", yes: Yes = False, as_json: Json = False) -> None:
    """Let a paused bot run again, and with it the events that were paused with it and are still wanted."""
    from duetime.bots.lifecycle import preview_resume, resume_bot
    from duetime.cli.opening import actor, opened

    # With plugins: whether events are still wanted is asked of their filters.
    with opened(plugins=True) as duetime:
        outlook = preview_resume(duetime.client, name)
        _show(name, outlook, yes=yes, shown=not as_json, instead="")
        moved = resume_bot(duetime.client, name, actor=actor(), reason=reason)
    _say(moved, as_json=as_json)


def archive(name: Name, reason: Reason = "", yes: Yes = False, as_json: Json = False) -> None:
    """End a bot for good. The events that it has pending are always cancelled; those that run end first."""
    from duetime.bots.lifecycle import archive_bot, preview_archive
    from duetime.cli.opening import actor, opened

    with opened() as duetime:
        outlook = preview_archive(duetime.client, name)
        _show(name, outlook, yes=yes, shown=not as_json, instead=f"pause it: duetime bots pause {name}")
        bot, cancelled = archive_bot(duetime.client, name, actor=actor(), reason=reason)
    if as_json:
        emit(bot, cancelled=cancelled)
    else:
        line(f"Bot {bot.name} is archived; {cancelled} of its events were cancelled, its next run included.")


def _show(name: str, outlook: "PendingNumbers", *, yes: bool, shown: bool, instead: str) -> None:
    """Say what would become of pending events, and ask when some of them would be cancelled."""
    if not outlook.cancelled:
        return
    if shown:
        line(f"{name}: would {outlook.in_words()}.")
    what = f"This would cancel {events_in_words(outlook.cancelled)} of bot {name}."
    ask_consent(what, instead=instead, yes=yes)


def _say(moved: "Moved", *, as_json: bool) -> None:
    bot, numbers = moved.bot, moved.pending
    if as_json:
        emit(bot, pending=numbers)
        return
    told = [
        f"{events_in_words(number)} {verb}"
        for number, verb in (
            (numbers.kept, "kept"),
            (numbers.paused, "paused"),
            (numbers.resumed, "resumed"),
            (numbers.cancelled, "cancelled"),
        )
        if number
    ]
    line(f"Bot {bot.name} is {bot.status.lower()}{': ' if told else ''}{', '.join(told)}{numbers.doubt}.")
