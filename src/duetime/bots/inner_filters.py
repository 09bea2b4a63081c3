"""Filters inside the settings of filters, such as those of `duetime.filter.any`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from duetime.bots.setting_fields import FilterListField
from duetime.core.bots import FilterUse
from duetime.core.errors import InvalidSetting
from duetime.core.fields import Field
from duetime.core.registry import Registry

DEEPEST = 6
"""How deep filters may stand inside each other; deeper ones nobody reads, and each costs the stack some frames."""
MOST = 50
"""Filters in one setting. Nobody reads longer lists, and the parsers of databases have limits of their own."""


def nests(fields: Sequence[Field]) -> bool:
    """Return whether one of these settings holds filters."""
    return any(isinstance(field, FilterListField) for field in fields)


def uses_inside(fields: Sequence[Field], given: Mapping[str, Any]) -> Iterator[FilterUse]:
    """Yield the filters inside settings; what is no filter is left to whoever validates the settings."""
    for field in fields:
        if isinstance(field, FilterListField) and given.get(field.name) is not None:
            try:
                yield from field.validate(given[field.name])
            except InvalidSetting:
                continue


def missing_filters(use: FilterUse, registry: Registry[Any], *, depth: int = 0) -> Iterator[str]:
    """Yield the uids that are not loaded: of the filter itself, and of those inside its settings."""
    found = registry.get(use.uid)
    if found is None:
        yield use.uid
    elif depth < DEEPEST:
        for inner in uses_inside(found.item.fields, use.settings):
            yield from missing_filters(inner, registry, depth=depth + 1)
