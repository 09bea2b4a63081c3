"""Filters by what the cloud says of a resource: its age, its use, who can reach it, and all the rest."""

from collections.abc import Mapping
from typing import Any

from duetime.bots.language_fields import ExpressionField
from duetime.bots.registration import FilterRegistryWrapper
from duetime.bots.setting_fields import DurationField
from duetime.core.errors import InvalidSetting
from duetime.core.fields import BooleanField, Field, FieldOptions, SelectionChoice, SelectionField
from duetime.core.predicates import (
    All,
    AnyOf,
    DataMatches,
    FlagField,
    FlagIs,
    Known,
    MomentField,
    Not,
    OlderThan,
    Predicate,
)

filters = FilterRegistryWrapper()

NOT_IDLE, IDLE, CREATED = "not_idle", "idle", "created"


def _answer(description: str) -> list[Field]:
    return [BooleanField(name="value", display_name="Answer", description=description, default=True)]


@filters.filter(
    uid="duetime.filter.age",
    name="Age",
    description="The resource was made longer ago than this, or not as long ago. An unknown age is neither.",
    fields=[
        DurationField(name="older_than", display_name="Older than", description="It is older: 12h, 30d."),
        DurationField(name="younger_than", display_name="Younger than", description="It is not older than this: 2h."),
    ],
)
def age(settings: Mapping[str, Any]) -> Predicate:
    """Ask for an age; with both settings, for one between the two."""
    older, younger = settings.get("older_than"), settings.get("younger_than")
    if older is None and younger is None:
        raise InvalidSetting("older_than", "one of older_than, younger_than must say which age is asked for")
    if older is not None and younger is not None and older >= younger:
        raise InvalidSetting("younger_than", "must be longer than older_than; nothing has an age between the two")
    parts: list[Predicate] = []
    if older is not None:
        parts.append(OlderThan(MomentField.CREATED_AT, older))
    if younger is not None:
        parts += [Known(MomentField.CREATED_AT), Not(OlderThan(MomentField.CREATED_AT, younger))]
    return parts[0] if len(parts) == 1 else All(tuple(parts))


@filters.filter(
    uid="duetime.filter.idle",
    name="Idle",
    description="The resource was last used longer ago than this.",
    fields=[
        DurationField(
            name="longer_than",
            display_name="Longer than",
            description="For how long nothing used it: 30d.",
            options=FieldOptions.REQUIRED,
        ),
        SelectionField(
            name="unknown",
            display_name="If nobody knows",
            description="What a resource is whose last use the cloud does not say: not_idle, because most clouds do "
            "not say it of most types and what is in use must not be taken for idle; idle; or created, for as long as "
            "it has been there, for types of which an unknown last use means that there was none.",
            choices=[SelectionChoice(choice, choice) for choice in (NOT_IDLE, IDLE, CREATED)],
            default=NOT_IDLE,
        ),
    ],
)
def idle(settings: Mapping[str, Any]) -> Predicate:
    """Ask for a last use that lies back."""
    span = settings["longer_than"]
    unused = OlderThan(MomentField.LAST_USED_AT, span)
    unknown = Not(Known(MomentField.LAST_USED_AT))
    match settings["unknown"]:
        case "idle":
            return AnyOf((unused, unknown))
        case "created":
            return AnyOf((unused, All((unknown, OlderThan(MomentField.CREATED_AT, span)))))
        case _:
            return unused


@filters.filter(
    uid="duetime.filter.unattached",
    name="Unattached",
    description="Nothing uses the resource: a volume of no instance, an address of no interface.",
    fields=_answer("false asks for what is known to be attached."),
)
def unattached(settings: Mapping[str, Any]) -> Predicate:
    """Ask for what nothing uses."""
    return FlagIs(FlagField.ATTACHED, not settings["value"])


@filters.filter(
    uid="duetime.filter.public",
    name="Public",
    description="Anybody can reach the resource.",
    fields=_answer("false asks for what is known not to be public."),
)
def public(settings: Mapping[str, Any]) -> Predicate:
    """Ask for what anybody can reach."""
    return FlagIs(FlagField.PUBLIC, settings["value"])


@filters.filter(
    uid="duetime.filter.protected",
    name="Protected",
    description="The cloud refuses to delete the resource.",
    fields=_answer("false asks for what is known not to be protected."),
)
def protected(settings: Mapping[str, Any]) -> Predicate:
    """Ask for what the cloud refuses to delete."""
    return FlagIs(FlagField.PROTECTED, settings["value"])


@filters.filter(
    uid="duetime.filter.jmespath",
    name="JMESPath",
    description="A JMESPath expression over what the cloud said of the resource gives something true.",
    fields=[
        ExpressionField(
            name="expression",
            display_name="Expression",
            description="Such as Monitoring.State == 'disabled'. Null, false and what is empty are not true.",
            options=FieldOptions.REQUIRED,
        )
    ],
)
def jmespath(settings: Mapping[str, Any]) -> Predicate:
    """Ask an expression of the raw data."""
    return DataMatches(settings["expression"])


def load() -> None:
    """Register all of them."""
    filters.load()


def unload() -> None:
    """Take all of them back."""
    filters.unload()
