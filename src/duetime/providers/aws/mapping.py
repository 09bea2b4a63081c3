"""From what the SDK answers to resources of the inventory."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from duetime.core.resources import Resource
from duetime.providers.aws.catalogue import ResourceKind


def resources_of(kind: ResourceKind, page: Mapping[str, Any], *, account: str, region: str) -> tuple[Resource, ...]:
    """Return the resources of one page; those that serve no more are left out."""
    found = (_resource(kind, raw, account=account, region=region) for raw in _items(page, kind.items))
    return tuple(resource for resource in found if resource.state not in kind.gone)


def value_at(raw: Mapping[str, Any], path: str) -> Any:
    """Return what stands at a path of keys joined by dots, or None."""
    value: Any = raw
    for key in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def _items(page: Mapping[str, Any], keys: Iterable[str]) -> list[Mapping[str, Any]]:
    items = [page]
    for key in keys:
        items = [inner for item in items for inner in item.get(key) or ()]
    return items


def _resource(kind: ResourceKind, raw: Mapping[str, Any], *, account: str, region: str) -> Resource:
    tags = {tag["Key"]: tag.get("Value") or "" for tag in value_at(raw, kind.tags) or ()}
    kept = ((path, value_at(raw, path)) for path in kind.fields)
    return Resource.of(
        resource_type=kind.resource_type,
        account=account,
        region=region,
        provider_id=value_at(raw, kind.identity),
        name=tags.get("Name", ""),
        state=value_at(raw, kind.state) or "",
        tags=tags,
        data={path: _plain(value) for path, value in kept if value not in (None, "", [])},
    )


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
