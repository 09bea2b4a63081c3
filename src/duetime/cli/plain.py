"""Values as plain JSON: the same field names as the dataclasses, instants with their offset, lengths in seconds."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any

from duetime.core.bots import Bot
from duetime.core.events import Event, Run
from duetime.core.json_types import JsonObject, JsonValue
from duetime.core.schedules import Schedule
from duetime.schedule.value import ScheduleValue


def plain(value: Any, **more: Any) -> Any:
    """Return a value as plain JSON.

    Args:
        value: dataclasses, enums, instants, lengths, mappings, sequences and what they hold.
        more: further keys for an object.
    """
    body = _plain(value)
    if more:
        body |= {name: _plain(part) for name, part in more.items()}
    return body


def emit(value: Any, **more: Any) -> None:
    """Print one JSON document on standard output."""
    ascii_only = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    sys.stdout.write(json.dumps(plain(value, **more), indent=2, ensure_ascii=ascii_only) + "\n")


def _plain(value: Any) -> Any:
    match value:
        case ScheduleValue():
            return _schedule(value)
        case Event():
            return {**_fields(value), "recurring": value.recurring}
        case Run():
            return {"run_id": value.run_id, **_fields(value), "duration": _plain(value.duration)}
        case Bot():
            return {"name": value.name, **_fields(value)}
        case Enum():
            return value.value
        case datetime():
            return value.astimezone(UTC).isoformat()
        case timedelta():
            return value.total_seconds()
        case Path():
            return str(value)
        case Mapping():
            return {str(_plain(key)): _plain(part) for key, part in value.items()}
        case str() | int() | float() | None:
            return value
        case Sequence() | set() | frozenset():
            return [_plain(part) for part in value]
        case _ if is_dataclass(value):
            return _fields(value)
        case _:
            return str(value)


def _fields(value: Any) -> JsonObject:
    return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}


def _schedule(value: Schedule) -> JsonValue:
    from duetime.schedule.codec import to_json

    return dict(to_json(value))
