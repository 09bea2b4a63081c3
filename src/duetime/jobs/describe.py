"""From a job class to the event type that is published about it."""

from datetime import timedelta
from typing import Any

from duetime.core.errors import Invalid
from duetime.core.event_types import DESTRUCTIVE_EXPIRY, EventType
from duetime.core.retry import NO_RETRY, Retry
from duetime.core.sanitising import clean_text
from duetime.core.statuses import OnLost
from duetime.jobs.arguments import schema_of
from duetime.jobs.base import MultiResourceScheduledEventJob

LONGEST_SPAN = timedelta(days=3650)
LARGEST_GROUP = 1000
LONGEST_DESCRIPTION = 500


def event_type_of(event_type: str, job_class: type[Any], *, plugin: str, generation: int = 1) -> EventType:
    """Return what a job class says of its event type.

    Raises:
        Invalid: one of its class attributes has a value that means nothing; the class and attribute are named.
    """
    if not isinstance(job_class, type):
        message = f"{job_class!r} cannot be registered as {event_type!r}: it is no class."
        raise Invalid(message)
    destructive = bool(getattr(job_class, "destructive", False))
    expires_after = _span(job_class, "expires_after")
    if expires_after is None and destructive:
        expires_after = DESTRUCTIVE_EXPIRY
    return EventType(
        event_type=event_type,
        plugin=plugin,
        generation=generation,
        arguments=schema_of(job_class),
        destructive=destructive,
        on_lost=_on_lost(job_class, destructive=destructive),
        retry=_retry(job_class),
        timeout=_span(job_class, "timeout"),
        max_group=_max_group(job_class),
        inverse=_inverse(job_class),
        catch_up=_catch_up(job_class),
        expires_after=expires_after,
        changes=_changes(job_class),
        description=_description(job_class),
    )


def _description(job_class: type[Any]) -> str:
    """Return the first paragraph of the class's own docstring; a base class would say what is not meant."""
    own = job_class.__dict__.get("__doc__")
    paragraph = own.strip().partition("\n\n")[0] if isinstance(own, str) else ""
    return clean_text(" ".join(paragraph.split()))[:LONGEST_DESCRIPTION]


def _wrong(job_class: type[Any], attribute: str, wanted: str) -> Invalid:
    value = getattr(job_class, attribute, None)
    return Invalid(f"{job_class.__name__}.{attribute} must be {wanted}, not {value!r}.")


def _on_lost(job_class: type[Any], *, destructive: bool) -> OnLost:
    value = getattr(job_class, "on_lost", None)
    if value is None:
        return OnLost.HOLD if destructive else OnLost.RETRY
    try:
        return OnLost(value)
    except ValueError:
        raise _wrong(job_class, "on_lost", "'retry', 'fail' or 'hold'") from None


def _retry(job_class: type[Any]) -> Retry:
    value = getattr(job_class, "retry", NO_RETRY)
    if not isinstance(value, Retry) or max(value.first, value.longest) > LONGEST_SPAN:
        raise _wrong(job_class, "retry", "a duetime Retry(...) with waits of at most 10 years")
    return value


def _span(job_class: type[Any], attribute: str) -> timedelta | None:
    value = getattr(job_class, attribute, None)
    if value is None:
        return None
    if isinstance(value, timedelta) and timedelta(0) < value <= LONGEST_SPAN:
        return value
    raise _wrong(job_class, attribute, "a positive timedelta of at most 10 years, or None")


def _max_group(job_class: type[Any]) -> int:
    value = getattr(job_class, "max_group", 1)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= LARGEST_GROUP:
        raise _wrong(job_class, "max_group", f"a whole number from 1 to {LARGEST_GROUP}")
    return value if issubclass(job_class, MultiResourceScheduledEventJob) else 1


def _inverse(job_class: type[Any]) -> str | None:
    value = getattr(job_class, "inverse", None)
    if value is None or (isinstance(value, str) and value.isprintable()):
        return value
    raise _wrong(job_class, "inverse", "an event type or None")


def _changes(job_class: type[Any]) -> tuple[str, ...]:
    value = getattr(job_class, "changes", ())
    if isinstance(value, list | tuple) and all(isinstance(name, str) and name.isprintable() for name in value):
        return tuple(value)
    raise _wrong(job_class, "changes", "a tuple of field names, such as ('state',)")


def _catch_up(job_class: type[Any]) -> str:
    value = str(getattr(job_class, "catch_up", "latest"))
    if value not in {"latest", "all", "skip"}:
        raise _wrong(job_class, "catch_up", "'latest', 'all' or 'skip'")
    return value
