"""Filters by tag and by state."""

from collections.abc import Mapping
from typing import Any

from duetime.bots.language_fields import PatternField
from duetime.bots.registration import FilterRegistryWrapper
from duetime.bots.setting_fields import ExactTextField, TextListField
from duetime.core.errors import InvalidSetting
from duetime.core.fields import BooleanField, FieldOptions
from duetime.core.predicates import Not, Predicate, StateIn, TagIn, TagMatches, TagPresent

filters = FilterRegistryWrapper()

_KEY = ExactTextField(
    name="key",
    display_name="Tag",
    description="The tag's key, exactly as the cloud writes it.",
    options=(FieldOptions.REQUIRED, FieldOptions.TAGS),
)
_QUESTIONS = ("values", "equals", "matches", "present", "absent")


@filters.filter(
    uid="duetime.filter.tag",
    name="Tag",
    description="The resource has a tag, has one of some values for it, or has no such tag.",
    fields=[
        _KEY,
        TextListField(name="values", display_name="Values", description="The tag's value is one of these."),
        ExactTextField(name="equals", display_name="Value", description="The tag's value is exactly this."),
        PatternField(name="matches", display_name="Pattern", description="The pattern is found in the tag's value."),
        BooleanField(name="present", display_name="Present", description="Whether there is such a tag at all."),
        BooleanField(name="absent", display_name="Absent", description="Whether there is no such tag."),
    ],
)
def tag(settings: Mapping[str, Any]) -> Predicate:
    """Ask for a tag; with its key alone, whether it is there."""
    asked = [name for name in _QUESTIONS if name in settings]
    if len(asked) > 1:
        raise InvalidSetting(asked[1], f"cannot be asked together with {asked[0]}; use two filters")
    present = TagPresent(settings["key"])
    match asked:
        case ["values"]:
            return TagIn(settings["key"], settings["values"])
        case ["equals"]:
            return TagIn(settings["key"], (settings["equals"],))
        case ["matches"]:
            return TagMatches(settings["key"], settings["matches"])
        case ["present" | "absent" as name]:
            return present if settings[name] is (name == "present") else Not(present)
        case _:
            return present


@filters.filter(
    uid="duetime.filter.tag_absent",
    name="Tag absent",
    description="The resource has no such tag.",
    fields=[_KEY],
)
def tag_absent(settings: Mapping[str, Any]) -> Predicate:
    """Ask for the absence of a tag."""
    return Not(TagPresent(settings["key"]))


@filters.filter(
    uid="duetime.filter.state",
    name="State",
    description="The resource is in one of these states, in the provider's own words.",
    fields=[
        TextListField(
            name="values", display_name="States", description="Such as running.", options=FieldOptions.REQUIRED
        )
    ],
)
def state(settings: Mapping[str, Any]) -> Predicate:
    """Ask for a state."""
    return StateIn(settings["values"])


def load() -> None:
    """Register all of them."""
    filters.load()


def unload() -> None:
    """Take all of them back."""
    filters.unload()
