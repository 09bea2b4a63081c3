"""From what the SDK answers to resources of the inventory."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from duetime.core.resources import Resource
from duetime.providers.aws.entry import ResourceKind
from duetime.providers.aws.paths import value_at

UNREADABLE = "Unreadable"
"""The key, in what is known of a resource, that names the details it does not let us read."""
_TAG_KEYS = ("Key", "key", "TagKey")
_TAG_VALUES = ("Value", "value", "TagValue")
_MILLISECONDS_FROM = 1e11
"""Seconds since 1970 do not come so far before the year 5000."""


def resource_of(kind: ResourceKind, raw: Mapping[str, Any], *, account: str, region: str) -> Resource:
    """Return the resource that an answer speaks of."""
    columns = kind.columns
    tags = tags_of(kind, raw)
    kept = ((path, value_at(raw, path)) for path in (*kind.fields, UNREADABLE))
    return Resource.of(
        resource_type=kind.resource_type,
        account=account,
        region=region,
        provider_id=str(value_at(raw, kind.identity)),
        name=tags.get("Name") or _text(raw, columns.name),
        state=_text(raw, columns.state),
        tags=tags,
        data={path: plain(value) for path, value in kept if value not in (None, "", [])},
        created_at=_instant(raw, columns.created_at),
        last_used_at=_instant(raw, columns.last_used_at),
        size=_text(raw, columns.size),
        attached=_answer(raw, columns.attached),
        public=_answer(raw, columns.public),
        protected=_answer(raw, columns.protected),
    )


def serves(kind: ResourceKind, raw: Mapping[str, Any]) -> bool:
    """Return whether a resource that is listed is not merely remembered."""
    return not kind.gone or _text(raw, kind.columns.state) not in kind.gone


def tags_of(kind: ResourceKind, raw: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags, which AWS writes as a list of pairs, in one of three spellings, or as an object."""
    tags = value_at(raw, kind.columns.tags) if kind.columns.tags else None
    if isinstance(tags, Mapping):
        return {str(key): str(value) for key, value in tags.items()}
    return {_first(tag, _TAG_KEYS): _first(tag, _TAG_VALUES) for tag in tags or ()}


def plain(value: Any) -> Any:
    """Return a value as JSON can say it: instants in UTC as text, and whatever else JSON does not know as text too."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def _first(tag: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    return next((str(tag[key]) for key in keys if tag.get(key) is not None), "")


def _text(raw: Mapping[str, Any], path: str) -> str:
    value = value_at(raw, path) if path else None
    return "" if value is None else str(value)


def _answer(raw: Mapping[str, Any], path: str) -> bool | None:
    """Return yes, no, or None: AWS does not say, or part of what would answer the question may not be read."""
    value = value_at(raw, path) if path and UNREADABLE not in raw else None
    return None if value is None else bool(value)


def _instant(raw: Mapping[str, Any], path: str) -> datetime | None:
    """Return an instant, which AWS writes as one, as text, or as seconds or milliseconds since 1970."""
    value = value_at(raw, path) if path else None
    try:
        if isinstance(value, str):
            value = float(value) if value.replace(".", "", 1).isdigit() else datetime.fromisoformat(value)
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value / 1000 if value > _MILLISECONDS_FROM else value, tz=UTC)
        if isinstance(value, datetime):
            return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        pass  # a text that is no instant is as good as none
    return None
