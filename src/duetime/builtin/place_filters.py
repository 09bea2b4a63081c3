"""Filters by where a resource lives, what it is, how it is called, and what people put it together with."""

from collections.abc import Callable, Mapping
from typing import Any

from duetime.bots.language_fields import PatternField
from duetime.bots.registration import FilterRegistryWrapper
from duetime.bots.setting_fields import ExactTextField, TextListField
from duetime.core.errors import InvalidSetting
from duetime.core.fields import Field, FieldOptions
from duetime.core.predicates import (
    AccountIn,
    InGroup,
    Predicate,
    RegionIn,
    TextField,
    TextIn,
    TextMatches,
    TypeIn,
)

filters = FilterRegistryWrapper()

_QUESTIONS = ("values", "equals", "matches")


def _text_fields(of: str, *, inside: str) -> list[Field]:
    return [
        TextListField(name="values", display_name="Values", description=f"{of} is one of these."),
        ExactTextField(name="equals", display_name="Value", description=f"{of} is exactly this."),
        PatternField(name="matches", display_name="Pattern", description=f"The pattern is found in {inside}."),
    ]


def _list_field(display_name: str, description: str) -> list[Field]:
    return [
        TextListField(name="values", display_name=display_name, description=description, options=FieldOptions.REQUIRED)
    ]


def _text(field: TextField, settings: Mapping[str, Any]) -> Predicate:
    """Ask one question about a text."""
    asked = [name for name in _QUESTIONS if name in settings]
    if not asked:
        raise InvalidSetting("values", f"one of {', '.join(_QUESTIONS)} must say what is asked for")
    if len(asked) > 1:
        raise InvalidSetting(asked[1], f"cannot be asked together with {asked[0]}; use two filters")
    match asked[0]:
        case "values":
            return TextIn(field, settings["values"])
        case "equals":
            return TextIn(field, (settings["equals"],))
        case _:
            return TextMatches(field, settings["matches"])


@filters.filter(
    uid="duetime.filter.name",
    name="Name",
    description="The resource has one of these names, or one in which a pattern is found.",
    fields=_text_fields("The resource's name", inside="its name"),
)
def name(settings: Mapping[str, Any]) -> Predicate:
    """Ask for a name."""
    return _text(TextField.NAME, settings)


@filters.filter(
    uid="duetime.filter.size",
    name="Size (instance type)",
    description="The resource is of one of these sizes or instance types, or of one in which a pattern is found.",
    fields=_text_fields("The size, such as m5.large,", inside="the size"),
)
def size(settings: Mapping[str, Any]) -> Predicate:
    """Ask for a size; of a resource without one it is empty."""
    return _text(TextField.SIZE, settings)


def _register_list(
    uid: str, *, name: str, description: str, fields: list[Field], ask: Callable[[tuple[str, ...]], Predicate]
) -> None:
    @filters.filter(uid=uid, name=name, description=description, fields=fields)
    def build(settings: Mapping[str, Any]) -> Predicate:
        return ask(settings["values"])


_register_list(
    "duetime.filter.type",
    name="Type",
    description="The resource is of one of these types.",
    fields=_list_field("Types", "Such as instance; `duetime resources types` lists them."),
    ask=TypeIn,
)
_register_list(
    "duetime.filter.account",
    name="Account",
    description="The resource lives in one of these accounts.",
    fields=_list_field("Accounts", "Account ids, in quotes when they are all digits."),
    ask=AccountIn,
)
_register_list(
    "duetime.filter.region",
    name="Region",
    description="The resource lives in one of these regions.",
    fields=_list_field("Regions", "Such as eu-central-1; what an account has once lives in global."),
    ask=RegionIn,
)
_register_list(
    "duetime.filter.group",
    name="Resource group",
    description="The resource is in one of these resource groups; a group that does not exist is an error.",
    fields=_list_field("Groups", "Names of groups, as `duetime resources groups list` shows them."),
    ask=InGroup,
)


def load() -> None:
    """Register all of them."""
    filters.load()


def unload() -> None:
    """Take all of them back."""
    filters.unload()
