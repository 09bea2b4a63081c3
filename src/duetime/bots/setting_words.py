"""What kind of value a setting takes, in words."""

from duetime.bots.language_fields import ExpressionField, PatternField
from duetime.bots.setting_fields import (
    DurationField,
    EventField,
    EventTypeField,
    FilterListField,
    MomentField,
    ObjectField,
    ScheduleField,
    TextListField,
)
from duetime.core.fields import (
    BooleanField,
    Field,
    FloatField,
    IntegerField,
    Jinja2StringField,
    Jinja2TextField,
    MultiSelectionField,
    SelectionField,
    StringField,
)

_WORDS: tuple[tuple[type[Field], str], ...] = (
    (FilterListField, "list of filters"),
    (PatternField, "RE2 pattern"),
    (ExpressionField, "JMESPath expression"),
    (EventTypeField, "event type"),
    (TextListField, "list of texts"),
    (EventField, "event type and arguments"),
    (ObjectField, "mapping"),
    (DurationField, "length of time"),
    (MomentField, "instant or time of day"),
    (ScheduleField, "schedule"),
    (Jinja2StringField, "Jinja2 template"),
    (Jinja2TextField, "Jinja2 template"),
    (BooleanField, "true or false"),
    (IntegerField, "whole number"),
    (FloatField, "number"),
    (StringField, "text"),
)
"""The first that fits says it: what stands further down is more general."""


def type_in_words(field: Field) -> str:
    """Say what kind of value a setting takes, such as `list of texts` or `one of keep, replace`."""
    if isinstance(field, SelectionField):
        choices = ", ".join(str(choice.value) for choice in field.choices) or "anything"
        return f"any of {choices}" if isinstance(field, MultiSelectionField) else f"one of {choices}"
    return next((words for kind, words in _WORDS if isinstance(field, kind)), type(field).__name__)


def about_setting(field: Field) -> str:
    """Say a setting's name and, in parentheses, its type, whether it is required, and its default."""
    said = [type_in_words(field)]
    if field.required and field.default is None:
        said.append("required")
    if field.default is not None:
        default = str(field.default).lower() if isinstance(field.default, bool) else field.default
        said.append(f"default {default}")
    return f"{field.name} ({', '.join(said)})"
