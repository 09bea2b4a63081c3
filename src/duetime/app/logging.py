"""Turns log records into lines: for people on a terminal, or one JSON object each for programs."""

import logging
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

import structlog

from duetime.core.run_context import current_run
from duetime.core.sanitising import redact
from duetime.core.tracing import trace_id
from duetime.engine.log import FACTS

QUIET = (
    *("alembic", "apprise", "asyncio", "authlib", "boto3", "botocore", "httpcore", "httpx", "opentelemetry"),
    *("s3transfer", "sqlalchemy", "urllib3", "uvicorn"),
)
"""Libraries whose chatter is of no use here, and may hold addresses with keys in them; their warnings are heard."""

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
        for name, value in _surroundings():
            facts.setdefault(name, value)
        if record.exc_info and record.exc_info[0] is not None:
            facts["exception"] = self.formatException(record.exc_info)
        return redact(str(self._render(None, record.levelname.lower(), facts)))


_around: ContextVar[Mapping[str, Any]] = ContextVar("duetime_log_facts", default={})  # noqa: B039 - never changed


@contextmanager
def said_of_each_line(**facts: Any) -> Iterator[None]:
    """Add facts to every line that is written inside the block, such as the id of the request that it answers."""
    token = _around.set({**_around.get(), **facts})
    try:
        yield
    finally:
        _around.reset(token)


def _surroundings() -> Iterator[tuple[str, Any]]:
    """Yield what is said of a line because of where it was written: in which run, request and trace."""
    run = current_run()
    if run is not None:
        yield "event_ids", [event_id for event_id, _ in run.occurrences]
        yield "due_at", str(run.occurrences[0][1]) if run.occurrences else ""
        if run.session_id is not None:
            yield "run_ids", list(run.run_ids)
            yield "session_id", run.session_id
    yield from _around.get().items()
    traced = trace_id()
    if traced is not None:
        yield "trace_id", traced


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
