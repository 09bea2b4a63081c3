"""How pages write values: the filters of all templates."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from duetime.core.statuses import EventStatus, RunStatus
from duetime.core.wording import write_span

NOTHING = "\N{EN DASH}"
_NOW = timedelta(milliseconds=500)

TONES: Mapping[str, str] = {
    EventStatus.SCHEDULED: "waiting",
    EventStatus.RUNNING: "running",
    EventStatus.PAUSED: "paused",
    EventStatus.HELD: "warning",
    EventStatus.SUCCEEDED: "good",
    EventStatus.FAILED: "bad",
    EventStatus.CANCELLED: "off",
    EventStatus.EXPIRED: "warning",
    EventStatus.SKIPPED: "off",
    RunStatus.TIMED_OUT: "bad",
    RunStatus.LOST: "bad",
    RunStatus.SNOOZED: "paused",
    RunStatus.DENIED: "warning",
    "alive": "good",
    "stopped": "off",
    "loaded": "good",
    "unloaded": "off",
    "active": "good",
    "archived": "off",
    "valid": "good",
    "invalid": "bad",
    "failing": "warning",
    "gone": "off",
    "silent": "warning",
    "waiting": "waiting",
    "reading": "running",
    "read": "good",
    "ok": "good",
    "error": "bad",
}
"""The tone of every word for how something stands: it chooses a colour and a shape beside the word itself."""


def tone_of(status: object) -> str:
    """Return the tone of a status: `good`, `bad`, `warning`, `running`, `waiting`, `paused` or `off`."""
    return TONES.get(str(status).lower(), "off")


def words(name: object) -> str:
    """Return a name of code as words: `timed_out` is `timed out`."""
    return str(name).replace("_", " ")


def zoned(moment: datetime, zone: tzinfo = UTC) -> str:
    """Return an instant as `2026-01-31 19:00:00Z`, or with the offset of its zone: `2026-01-31 20:00:00+01:00`."""
    if zone is UTC:
        return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"
    return moment.astimezone(zone).isoformat(sep=" ", timespec="seconds")


@pass_context
def instant(context: Context, moment: datetime | None) -> Markup:
    """Write an instant in the visitor's zone, as a `time` element."""
    if moment is None:
        return escape(NOTHING)
    return _time_element(moment, zoned(moment, context["frame"].zone.info))


@pass_context
def clock(context: Context, moment: datetime | None) -> Markup:
    """Write the time of day of an instant in the visitor's zone."""
    if moment is None:
        return escape(NOTHING)
    return _time_element(moment, f"{moment.astimezone(context['frame'].zone.info):%H:%M}")


def span(length: timedelta | None) -> str:
    """Write a length of time, such as `3 h 20 min`."""
    return NOTHING if length is None else write_span(length)


def distance(moment: datetime | None, now: datetime) -> str:
    """Write how far away an instant is: `in 5 min`, `2 h ago`, `now`."""
    if moment is None:
        return NOTHING
    if abs(moment - now) < _NOW:
        return "now"
    written = write_span(moment - now)
    return f"in {written}" if moment > now else f"{written} ago"


def number(count: int) -> str:
    """Write a count with its thousands apart."""
    return f"{count:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def short_resource(resource_id: str | None) -> str:
    """Return the part of a resource id by which people know the resource."""
    return NOTHING if resource_id is None else resource_id.rstrip(":").rpartition(":")[2] or resource_id


def breakable(text: object) -> Markup:
    """Write an id so that long ones break after `:`, `/`, `.` and `_` when there is no room."""
    marked = str(escape(str(text)))
    for sign in (":", "/", ".", "_"):
        marked = marked.replace(sign, f"{sign}<wbr>")
    return Markup(marked)  # noqa: S704 - escaped above


def pretty(value: object) -> str:
    """Return JSON over several lines: of a value, or of text that is JSON; other text stays as it is."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return str(value)
    try:
        return json.dumps(value, indent=2, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError):
        return str(value)


def one_line(text: str | None, most: int = 160) -> str:
    """Return the beginning of a text on one line."""
    line = " ".join((text or "").split())
    return line if len(line) <= most else f"{line[:most].rstrip()}\N{HORIZONTAL ELLIPSIS}"


def plural(count: int, one: str, several: str | None = None) -> str:
    """Return a count with its noun: `1 event`, `2 events`."""
    return f"{number(count)} {one if count == 1 else several or f'{one}s'}"


def _time_element(moment: datetime, text: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(moment.astimezone(UTC).isoformat(), text)


FILTERS: Mapping[str, Callable[..., Any]] = {
    "instant": instant,
    "clock": clock,
    "span": span,
    "distance": distance,
    "number": number,
    "plural": plural,
    "words": words,
    "short_resource": short_resource,
    "breakable": breakable,
    "pretty": pretty,
    "one_line": one_line,
}
