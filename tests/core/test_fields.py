from typing import Any

import pytest

from duetime.core.errors import InvalidSetting
from duetime.core.fields import (
    BooleanField,
    Field,
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
    setting_faults,
    validate_settings,
)

COLOURS = [("r", "Red"), SelectionChoice("g", "Green"), "b", 1]


@pytest.mark.parametrize(
    ("field", "value", "valid"),
    [
        (StringField("x"), "text", "text"),
        (StringField("x"), "", ""),
        (TextField("x"), "a\nb", "a\nb"),
        (Jinja2StringField("x"), "{{ a }}", "{{ a }}"),
        (Jinja2TextField("x"), "{% a", "{% a"),
        (FloatField("x"), 12, 12.0),
        (FloatField("x", min_value=0), 0, 0.0),
        (FloatField("x", min_value=0), 0.25, 0.25),
        (IntegerField("x", min_value=-1), -1, -1),
        (BooleanField("x"), False, False),
        (SelectionField("x", choices=COLOURS), "g", "g"),
        (SelectionField("x", choices=COLOURS), "b", "b"),
        (SelectionField("x", choices=COLOURS), 1, 1),
        (SelectionField("x"), "anything", "anything"),
        (MultiSelectionField("x", choices=COLOURS), ["r", "b"], ["r", "b"]),
        (MultiSelectionField("x", choices=COLOURS), [], []),
        (MultiSelectionField("x", choices=[]), ("any", "thing"), ["any", "thing"]),
    ],
)
def test_what_fits(field: Field, value: Any, valid: Any) -> None:
    found = field.validate(value)
    assert (found, type(found)) == (valid, type(valid))


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        (StringField("x"), 12, "must be text, not 12"),
        (StringField("x"), None, "must be text, not None"),
        (FloatField("x"), "12", "must be a number, not '12'"),
        (FloatField("x"), True, "must be a number, not True"),
        (FloatField("x"), float("nan"), "must be a finite number"),
        (FloatField("x"), float("inf"), "must be a finite number"),
        (FloatField("x", min_value=0), -0.1, "must be at least 0, not -0.1"),
        (IntegerField("x"), 1.0, "must be a whole number, not 1.0"),
        (IntegerField("x"), True, "must be a whole number, not True"),
        (IntegerField("x", min_value=1), 0, "must be at least 1, not 0"),
        (BooleanField("x"), 1, "must be true or false, not 1"),
        (BooleanField("x"), "yes", "must be true or false, not 'yes'"),
        (SelectionField("x", choices=["red", "green"]), "gren", "must be one of red, green, not 'gren'"),
        (SelectionField("x", choices=COLOURS), "y", "must be one of r, g, b, 1, not 'y'"),
        (SelectionField("x", choices=COLOURS), True, "must be one of"),
        (SelectionField("x", choices=COLOURS), ["r"], "must be one of"),
        (MultiSelectionField("x", choices=COLOURS), "r", "must be a list, not 'r'"),
        (MultiSelectionField("x", choices=COLOURS), 7, "must be a list, not 7"),
        (MultiSelectionField("x", choices=COLOURS), ["r", "y"], "must be one of"),
    ],
)
def test_what_does_not_fit(field: Field, value: Any, problem: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        field.validate(value)
    assert problem in str(caught.value)
    assert caught.value.name == "x"


@pytest.mark.parametrize("options", ["required", FieldOptions.REQUIRED, [FieldOptions.REQUIRED], ("tags", "required")])
def test_one_option_or_several(options: Any) -> None:
    assert StringField("x", options=options).required


def test_no_option_is_required() -> None:
    assert not StringField("x", options=FieldOptions.TAGS).required
    with pytest.raises(ValueError, match="needed"):
        StringField("x", options="needed")  # type: ignore[arg-type]


FIELDS = [
    StringField("topic", "Topic", "Where to.", FieldOptions.REQUIRED),
    FloatField("hours", default=12, min_value=0),
    Jinja2TextField("message"),
    MultiSelectionField("days", options=FieldOptions.REQUIRED, default=[1]),
]


def test_defaults_are_filled_in_and_what_has_none_stays_out() -> None:
    assert validate_settings(FIELDS, {"topic": "t"}) == {"topic": "t", "hours": 12.0, "days": [1]}
    assert validate_settings(FIELDS, {"topic": "t", "hours": None, "message": "m", "days": [2]}) == {
        "topic": "t",
        "hours": 12.0,
        "message": "m",
        "days": [2],
    }
    assert validate_settings([], {}) == {}


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({}, "Setting topic: is required."),
        ({"topic": None}, "Setting topic: is required."),
        ({"topic": ""}, "Setting topic: is required."),
        ({"topic": "t", "days": []}, "Setting days: is required."),
        ({"topic": "t", "hour": 1}, "Setting hour: there is no such setting. Did you mean hours?"),
        ({"topic": "t", 7: 1}, "Setting 7: there is no such setting."),
        ({"topic": "t", "hours": -1}, "Setting hours: must be at least 0, not -1."),
    ],
)
def test_settings_that_are_refused(settings: dict[Any, Any], problem: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        validate_settings(FIELDS, settings)
    assert str(caught.value) == problem


def test_a_required_zero_or_no_is_given() -> None:
    fields = [FloatField("hours", options=FieldOptions.REQUIRED), BooleanField("on", options=FieldOptions.REQUIRED)]
    assert validate_settings(fields, {"hours": 0, "on": False}) == {"hours": 0.0, "on": False}


def test_everything_that_is_wrong_with_settings_is_told() -> None:
    fields = [IntegerField(name="days", min_value=1), StringField(name="to", options=FieldOptions.REQUIRED)]
    faults = setting_faults(fields, {"dayz": 3, "days": 0, "x": 1})
    assert [(fault.name, fault.problem) for fault in faults] == [
        ("dayz", "there is no such setting"),
        ("x", "there is no such setting"),
        ("days", "must be at least 1, not 0"),
        ("to", "is required"),
    ]
    assert faults[0].near == ("days",)
    assert setting_faults(fields, {"days": 3, "to": "me"}) == []
