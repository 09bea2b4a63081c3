"""Asking before something is done that cannot be taken back."""

import sys
from typing import Annotated

import typer

from duetime.cli.output import error_line, printable
from duetime.core.errors import Invalid

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before pending events are cancelled.")]


def ask_consent(what: str, *, instead: str, yes: bool) -> None:
    """Ask whether something that cancels events shall be done, and end the command when it shall not.

    Args:
        what: what would be done, such as `This would cancel 3 pending events of bot nightly.`
        instead: what else may be asked for, as the end of a sentence; empty when there is nothing.
        yes: the answer was given already.

    Raises:
        Invalid: nobody is there to be asked.
        Abort: the answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        other = f", or {instead}" if instead else ""
        message = f"{what} Nobody is there to be asked: add --yes to do it{other}. Nothing was changed."
        raise Invalid(message)
    if not typer.confirm(f"{printable(what)} Go on?", err=True):
        error_line("Nothing was changed.")
        raise typer.Abort


def events_in_words(number: int) -> str:
    """Return a number of events as `1 pending event` or `3 pending events`."""
    return f"{number} pending event{'' if number == 1 else 's'}"
