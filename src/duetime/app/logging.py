"""Turns log records into lines: for people on a terminal, or one JSON object each for programs."""

import logging
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any, TextIO

import structlog

from duetime.core.run_context import current_run
from duetime.core.sanitising import redact
from duetime.engine.log import FACTS

QUIET = ("alembic", "asyncio", "boto3", "botocore", "s3transfer", "sqlalchemy", "urllib3")
"""Libraries whose chatter is of no use here; their warnings are."""

_LIST_SHOWN = 12


def configure_logging(*, level: str = "info", form: str = "console", stream: TextIO | None = None) -> None:
    """Send the log lines of this process, plugins' included, to standard error. Only the command line calls this.

    Args:
        level: `debug`, `info`, `warning` or `error`.
        form: `console` or `json`.
        stream: where to write; None = standard error.
    """
    target = stream or sys.stderr
    handler = logging.StreamHandler(target)
    handler.setFormatter(_Lines(_json if form == "json" else _console(colours=target.isatty())))
    root = logging.getLogger()
    for present in list(root.handlers):
        if isinstance(present.formatter, _Lines):
            root.removeHandler(present)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


class _Lines(logging.Formatter):
    """Adds what every line says: when, how grave, and which events the job that speaks is running for."""

    def __init__(self, render: Any) -> None:
        super().__init__()
        self._render = render

    def format(self, record: logging.LogRecord) -> str:
        facts: MutableMapping[str, Any] = dict(getattr(record, FACTS, None) or {"event": record.getMessage()})
        facts["level"] = record.levelname.lower()
        facts["logger"] = record.name
        facts["timestamp"] = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        run = current_run()
        if run is not None:
            facts.setdefault("event_ids", [event_id for event_id, _ in run.occurrences])
            facts.setdefault("due_at", str(run.occurrences[0][1]) if run.occurrences else "")
        if record.exc_info and record.exc_info[0] is not None:
            facts["exception"] = self.formatException(record.exc_info)
        return redact(str(self._render(None, record.levelname.lower(), facts)))


def _console(*, colours: bool) -> Any:
    render = structlog.dev.ConsoleRenderer(
        colors=colours, pad_event_to=22, exception_formatter=structlog.dev.plain_traceback, sort_keys=False
    )

    def line(logger: Any, method: str, facts: MutableMapping[str, Any]) -> Any:
        del facts["logger"]
        shown = {name: _short(value) for name, value in facts.items()}
        return render(logger, method, shown)

    return line


_json = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)


def _short(value: Any) -> Any:
    """Return a long list of ids as its first ones, so that a line stays a line."""
    if isinstance(value, list) and len(value) > _LIST_SHOWN:
        return f"{', '.join(map(str, value[:_LIST_SHOWN]))} and {len(value) - _LIST_SHOWN} more"
    return value
