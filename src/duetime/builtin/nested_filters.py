"""Filters that are made of filters."""

from collections.abc import Mapping
from typing import Any

from duetime.bots.registration import FilterRegistryWrapper
from duetime.bots.setting_fields import FilterListField
from duetime.core.errors import InvalidSetting
from duetime.core.fields import Field, FieldOptions
from duetime.core.predicates import All, AnyOf, Not, Predicate

filters = FilterRegistryWrapper()


def _filters(description: str) -> list[Field]:
    return [
        FilterListField(name="filters", display_name="Filters", description=description, options=FieldOptions.REQUIRED)
    ]


@filters.filter(
    uid="duetime.filter.any",
    name="Any",
    description="At least one of these filters matches.",
    fields=_filters("Filters, each with its uid and settings."),
)
def any_of(settings: Mapping[str, Any]) -> Predicate:
    """Ask for one of several."""
    return AnyOf(settings["filters"])


@filters.filter(
    uid="duetime.filter.all",
    name="All",
    description="All of these filters match; for use inside of any and not.",
    fields=_filters("Filters, each with its uid and settings."),
)
def all_of(settings: Mapping[str, Any]) -> Predicate:
    """Ask for several at once."""
    return All(settings["filters"])


@filters.filter(
    uid="duetime.filter.not",
    name="Not",
    description="The filter does not match. What it asks of something unknown counts as no, so its contrary as yes.",
    fields=_filters("One filter, with its uid and settings."),
)
def not_(settings: Mapping[str, Any]) -> Predicate:
    """Ask for the contrary of one filter."""
    if len(settings["filters"]) > 1:
        # Readers disagree about it: not all of them, or none of them?
        raise InvalidSetting("filters", "takes one filter; put several into duetime.filter.any or duetime.filter.all")
    return Not(settings["filters"][0])


def load() -> None:
    """Register all of them."""
    filters.load()


def unload() -> None:
    """Take all of them back."""
    filters.unload()
