from duetime.core.fields import (
    BooleanField,
    FieldOptions,
    FloatField,
    IntegerField,
    Jinja2StringField,
    Jinja2TextField,
    MultiSelectionField,
    SelectionChoice,
    SelectionField,
    StringField,
    TextField,
)

__all__ = [
    "BooleanField",
    "FieldOptions",
    "FloatField",
    "IntegerField",
    "Jinja2StringField",
    "Jinja2TextField",
    "MultiSelectionField",
    "SelectionChoice",
    "SelectionField",
    "StringField",
    "TextField",
]
