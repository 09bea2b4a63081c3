"""What people and programs hear when a command cannot do what it was asked to."""

import sys
import traceback
from collections.abc import Sequence
from typing import Any

import typer

from duetime.cli.exit_codes import ExitCode, exit_code_of
from duetime.cli.output import error_line, printable
from duetime.cli.plain import emit
from duetime.core.errors import DuetimeError

# Typer brings its own copy of click or uses the one that is installed, depending on its version; the public
# BadParameter derives from the usage error of whichever it is.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]


def report(error: BaseException, *, arguments: Sequence[str], debug: bool) -> ExitCode:
    """Say what went wrong and return the exit code.

    With `--json` the answer is one JSON document on standard output, as for every other answer; otherwise one or two
    lines on standard error.
    """
    usage = isinstance(error, UsageError)
    code = ExitCode.INVALID if usage else exit_code_of(error)
    message = _message(error)
    if debug and not usage:
        traceback.print_exception(error, file=sys.stderr)
    if wants_json(arguments):
        emit({"error": _facts(error, message=message, code=code)})
        return code
    if usage and not message:  # a group without a command: its help has just been shown
        return code
    error_line(f"Error: {printable(message)}")
    if usage:
        error_line(f"Try: {_help_of(error)}")
    elif code is ExitCode.UNEXPECTED and not debug:
        error_line("This is a fault of duetime. `duetime --debug ...` shows where.")
    return code


def wants_json(arguments: Sequence[str]) -> bool:
    """Return whether `--json` stands among the arguments, also when they could not be understood."""
    options = list(arguments)
    return "--json" in (options[: options.index("--")] if "--" in options else options)


def _message(error: BaseException) -> str:
    if isinstance(error, UsageError):
        return str(error.format_message()).rstrip()  # type: ignore[attr-defined]  # see UsageError
    if isinstance(error, DuetimeError):
        return str(error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _facts(error: BaseException, *, message: str, code: ExitCode) -> dict[str, Any]:
    kind = "Usage" if isinstance(error, UsageError) else type(error).__name__
    facts: dict[str, Any] = {"type": kind, "message": message, "exit_code": int(code)}
    for name in ("near", "source", "line", "column"):
        value = getattr(error, name, None)
        if isinstance(error, DuetimeError) and value:
            facts[name] = list(value) if isinstance(value, tuple) else value
    return facts


def _help_of(error: BaseException) -> str:
    context = getattr(error, "ctx", None)
    return f"{context.command_path if context is not None else 'duetime'} -h"
