from typing import Any

import pytest

from duetime.bots.language_fields import ExpressionField, PatternField
from duetime.bots.setting_fields import (
    DurationField,
    EventTypeField,
    ExactTextField,
    FilterListField,
    MomentField,
    ObjectField,
    ScheduleField,
    TextListField,
)
from duetime.bots.setting_words import about_setting, type_in_words
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
    SelectionField,
    StringField,
    TextField,
)


@pytest.mark.parametrize("value", ["", "a", "\"'\\%\t\n\x01\x7fé🚀👩\u200d👧", "\ufffd", "x" * 256])
def test_a_text_may_hold_any_character(value: str) -> None:
    assert ExactTextField("f").validate(value) == value
    assert TextListField("f").validate([value, "b"]) == (value, "b")


@pytest.mark.parametrize(("value", "said"), [("a\x00b", "character NUL"), ("a\ud800", "half of a surrogate pair")])
def test_what_no_database_keeps_is_refused(value: str, said: str) -> None:
    fields: tuple[tuple[Field, Any], ...] = (
        (ExactTextField("f"), value),
        (TextListField("f"), ["b", value]),
        (PatternField("f"), value),
        (ExpressionField("f"), value),
    )
    for field, given in fields:
        with pytest.raises(InvalidSetting, match=said) as caught:
            field.validate(given)
        assert caught.value.name == "f"
        assert str(caught.value).isprintable()


def test_a_pattern_and_an_expression_are_given_as_they_were_written() -> None:
    assert PatternField("f").validate("^a|b$") == "^a|b$"
    assert ExpressionField("f").validate("a[?b == 'c']") == "a[?b == 'c']"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        (PatternField("f"), "(", r"missing \): \(; it must be a regular expression in RE2 syntax \('\('\)"),
        (PatternField("f"), 5, "must be text"),
        (ExpressionField("f"), "a[", r"Incomplete expression \('a\['\)"),
        (ExpressionField("f"), ["a"], "must be text"),
    ],
)
def test_what_does_not_compile_is_refused_with_what_was_written(field: Field, value: Any, said: str) -> None:
    with pytest.raises(InvalidSetting, match=said):
        field.validate(value)


@pytest.mark.parametrize(
    ("field", "words"),
    [
        (FilterListField("f"), "list of filters"),
        (PatternField("f"), "RE2 pattern"),
        (ExpressionField("f"), "JMESPath expression"),
        (EventTypeField("f"), "event type"),
        (ExactTextField("f"), "text"),
        (StringField("f"), "text"),
        (TextField("f"), "text"),
        (TextListField("f"), "list of texts"),
        (ObjectField("f"), "mapping"),
        (DurationField("f"), "length of time"),
        (MomentField("f"), "instant or time of day"),
        (ScheduleField("f"), "schedule"),
        (Jinja2StringField("f"), "Jinja2 template"),
        (Jinja2TextField("f"), "Jinja2 template"),
        (BooleanField("f"), "true or false"),
        (IntegerField("f"), "whole number"),
        (FloatField("f"), "number"),
        (SelectionField("f", choices=("a", 2)), "one of a, 2"),
        (MultiSelectionField("f", choices=("a", "b")), "any of a, b"),
        (SelectionField("f"), "one of anything"),
        (Field("f"), "Field"),
    ],
)
def test_what_a_setting_takes_is_said_in_words(field: Field, words: str) -> None:
    assert type_in_words(field) == words


def test_a_setting_says_whether_it_must_be_given() -> None:
    assert about_setting(StringField("f")) == "f (text)"
    assert about_setting(StringField("f", options=FieldOptions.REQUIRED)) == "f (text, required)"
    assert about_setting(BooleanField("f", options=FieldOptions.REQUIRED, default=True)) == (
        "f (true or false, default true)"
    )
