"""Log lines of the engine: records of the standard library's `logging`, with their facts beside the text.

structlog left to itself prints to standard output. A library must not, so its loggers are bound here to `logging`:
until a program configures that, only warnings are heard, on standard error.
"""

import logging
from collections.abc import MutableMapping
from typing import Any, cast

import structlog

FACTS = "duetime_facts"
"""The attribute of a log record that holds what the line says, as a mapping."""


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return a logger whose lines are an event and facts: `log.info("session.opened", session_id=7)`."""
    return cast(
        "structlog.stdlib.BoundLogger",
        structlog.wrap_logger(
            logging.getLogger(name),
            processors=[structlog.stdlib.filter_by_level, _as_record],
            wrapper_class=structlog.stdlib.BoundLogger,
        ),
    )


def _as_record(_logger: Any, _method: str, facts: MutableMapping[str, Any]) -> tuple[tuple[str, str], dict[str, Any]]:
    exc_info = facts.pop("exc_info", None)
    event = str(facts.pop("event"))
    text = " ".join([event, *(f"{name}={value}" for name, value in facts.items())])
    return ("%s", text), {"exc_info": exc_info, "extra": {FACTS: {"event": event, **facts}}}
