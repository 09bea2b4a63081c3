"""From resources to the rows of the inventory."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from duetime.core.json_types import canonical
from duetime.core.resources import Resource
from duetime.core.sanitising import clean_text


def row_of(resource: Resource, *, now: datetime) -> dict[str, Any]:
    """Return the row of a resource that exists; one that does not say when it was read was read `now`."""
    return {
        "resource_id": resource.resource_id,
        "resource_type": resource.resource_type,
        "account": resource.account,
        "region": resource.region,
        "provider_id": resource.provider_id,
        "name": clean_text(resource.name),
        "state": clean_text(resource.state),
        "tags": _tags_text(resource.tags),
        "data": clean_text(canonical(resource.data)),
        "created_at": resource.created_at,
        "last_used_at": resource.last_used_at,
        "size": clean_text(resource.size),
        "attached": resource.attached,
        "public": resource.public,
        "protected": resource.protected,
        "harvested_at": resource.harvested_at or now,
        "gone_at": None,
    }


def _tags_text(tags: Mapping[str, str]) -> str:
    """Return tags as JSON that every database can search: one that it cannot would fail the search for all others."""
    text = canonical(tags)
    if "\\u0000" not in text and text.isascii():
        return text
    return canonical({clean_text(key): clean_text(value) for key, value in tags.items()})
