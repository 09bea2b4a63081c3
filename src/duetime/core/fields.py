"""Settings that actions and filters declare: what a form shows, and what a value must be.

A field accepts or refuses; it never guesses. A bot file that writes 12 where text is wanted is told so when it is
applied, not when the bot runs.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from duetime.core.errors import InvalidSetting, nearest


class FieldOptions(StrEnum):
    """What else is true of a field."""

    REQUIRED = "required"
    """A value must be given, unless the field has a default."""
    TAGS = "tags"
    """The value is a tag key; a form may offer those of the inventory."""


class SelectionChoice(NamedTuple):
    """One value that may be chosen, and how it is shown."""

    value: Any
    display_value: str = ""


@dataclass(frozen=True)
class Field:
    """One setting.

    Attributes:
        options: one option or several.
        default: the value when none is given; None = no default.
    """

    name: str
    display_name: str = ""
    description: str = ""
    options: FieldOptions | Iterable[FieldOptions] = ()
    default: Any = None

    def __post_init__(self) -> None:
        given = (self.options,) if isinstance(self.options, str) else tuple(self.options)
        object.__setattr__(self, "options", tuple(FieldOptions(option) for option in given))

    @property
    def required(self) -> bool:
        return FieldOptions.REQUIRED in tuple(self.options)

    def validate(self, value: Any) -> Any:
        """Return `value` as the action may use it.

        Raises:
            InvalidSetting: it does not fit.
        """
        raise NotImplementedError

    def refuse(self, problem: str) -> InvalidSetting:
        """Return the error that says what is wrong with a value."""
        return InvalidSetting(self.name, problem)


@dataclass(frozen=True)
class StringField(Field):
    """One line of text."""

    def validate(self, value: Any) -> str:
        if not isinstance(value, str):
            raise self.refuse(f"must be text, not {value!r}")
        return str(value)


@dataclass(frozen=True)
class TextField(StringField):
    """Several lines of text."""


@dataclass(frozen=True)
class Jinja2StringField(StringField):
    """One line of text that is a Jinja2 template; rendering it is the action's own business."""


@dataclass(frozen=True)
class Jinja2TextField(TextField):
    """Several lines of text that are a Jinja2 template; rendering it is the action's own business."""


@dataclass(frozen=True)
class FloatField(Field):
    """A number."""

    min_value: float | None = None

    def validate(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.refuse(f"must be a number, not {value!r}")
        if not math.isfinite(value):
            raise self.refuse(f"must be a finite number, not {value!r}")
        _at_least(self, value, least=self.min_value)
        return float(value)


@dataclass(frozen=True)
class IntegerField(Field):
    """A whole number."""

    min_value: int | None = None

    def validate(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.refuse(f"must be a whole number, not {value!r}")
        _at_least(self, value, least=self.min_value)
        return value


def _at_least(field: Field, value: float, *, least: float | None) -> None:
    if least is not None and value < least:
        raise field.refuse(f"must be at least {least}, not {value}")


@dataclass(frozen=True)
class BooleanField(Field):
    """Yes or no."""

    def validate(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise self.refuse(f"must be true or false, not {value!r}")
        return value


@dataclass(frozen=True)
class SelectionField(Field):
    """One of several values.

    Attributes:
        choices: `SelectionChoice`s, pairs of value and text, or bare values; none at all = any value.
    """

    choices: Iterable[Any] = ()

    def __post_init__(self) -> None:
        Field.__post_init__(self)
        object.__setattr__(self, "choices", tuple(_as_choice(choice) for choice in self.choices))

    def validate(self, value: Any) -> Any:
        allowed = [choice.value for choice in self.choices]
        # 1 == True and 1 == 1.0, so equality alone would let a yes pass for a one.
        if allowed and not any(type(value) is type(one) and value == one for one in allowed):
            raise self.refuse(f"must be one of {', '.join(map(str, allowed))}, not {value!r}")
        return value


@dataclass(frozen=True)
class MultiSelectionField(SelectionField):
    """Any number of several values."""

    def validate(self, value: Any) -> list[Any]:
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise self.refuse(f"must be a list, not {value!r}")
        return [SelectionField.validate(self, one) for one in value]


def _as_choice(choice: Any) -> SelectionChoice:
    if isinstance(choice, tuple | list):
        return SelectionChoice(*choice)
    return SelectionChoice(choice, str(choice))


def validate_settings(fields: Iterable[Field], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return `settings` as an action may use them: each one valid, defaults filled in.

    A setting that is not given and has no default stays out, so that an action's own `settings.get(name, ...)` works.

    Raises:
        InvalidSetting: a name is unknown, a value does not fit, or a required one is missing.
    """
    by_name = {field.name: field for field in fields}
    for fault in _unknown_names(by_name, settings):
        raise fault
    valid = {name: _validated(field, settings) for name, field in by_name.items()}
    return {name: value for name, value in valid.items() if value is not None}


def setting_faults(fields: Iterable[Field], settings: Mapping[str, Any]) -> list[InvalidSetting]:
    """Return everything that `validate_settings` would refuse, unknown names first."""
    by_name = {field.name: field for field in fields}
    faults = list(_unknown_names(by_name, settings))
    for field in by_name.values():
        try:
            _validated(field, settings)
        except InvalidSetting as fault:
            faults.append(fault)
    return faults


def _unknown_names(known: Mapping[str, Field], settings: Mapping[str, Any]) -> Iterator[InvalidSetting]:
    for name in settings:
        if name not in known:
            yield InvalidSetting(str(name), "there is no such setting", near=nearest(str(name), known))


def _validated(field: Field, settings: Mapping[str, Any]) -> Any:
    """Return the valid value of a field, or None when there is none and none is required."""
    value = settings.get(field.name)
    if value is None:
        value = field.default
    if field.required and (value is None or value in ("", [])):
        raise field.refuse("is required")
    return None if value is None else field.validate(value)
