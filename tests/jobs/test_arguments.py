"""From a constructor to the schema that scheduling checks, and from stored arguments back to keywords."""

from typing import Any

import pytest

from duetime.core.errors import InvalidArguments
from duetime.jobs.arguments import argument_text, cast_scheduled_event_args, check_arguments, schema_of
from duetime.jobs.base import ScheduledEventJob

TAGS: list[str] = []


class Plain(ScheduledEventJob):
    """Takes nothing of its own."""


class Typed(ScheduledEventJob):
    """Takes arguments of several types."""

    def __init__(
        self,
        to: str,
        times: int = 1,
        rate: float = 0.5,
        loud: bool = False,
        *,
        tags: list[str] = TAGS,
        names: "dict[str, str] | None" = None,
        note: str | None = None,
        more: str | list[int] | None = None,
        **rest: Any,
    ) -> None:
        super().__init__(**rest)


class Open(ScheduledEventJob):
    """Takes whatever comes."""

    def __init__(
        self,
        resource_id: Any,
        user_resource_id: Any,
        scheduled_event_id: Any,
        scheduled_event_type: Any,
        **anything: Any,
    ) -> None:
        super().__init__(resource_id, user_resource_id, scheduled_event_id, scheduled_event_type)


def test_a_class_without_a_constructor_takes_nothing() -> None:
    schema = schema_of(Plain)
    assert schema == {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
    check_arguments("test.job", {}, schema)
    with pytest.raises(InvalidArguments, match="the job takes no argument 'to'"):
        check_arguments("test.job", {"to": "x"}, schema)


def test_types_and_defaults_are_read_from_the_constructor() -> None:
    schema = schema_of(Typed)
    assert schema["required"] == ["to"]
    assert {name: part.get("type") for name, part in schema["properties"].items()} == {
        "to": "string",
        "times": "integer",
        "rate": "number",
        "loud": "boolean",
        "tags": "array",
        "names": "object",
        "note": "string",
        "more": None,
    }


@pytest.mark.parametrize(
    "arguments",
    [
        {"to": "x"},
        {"to": "x", "times": 2, "rate": 1, "loud": True, "tags": [], "more": {"a": 1}},
        {"to": "x", "more": [1]},
        {"to": "x", "times": None},
    ],
)
def test_what_fits_is_taken(arguments: dict[str, Any]) -> None:
    check_arguments("test.job", arguments, schema_of(Typed))
    keywords = cast_scheduled_event_args(argument_text("test.job", arguments))
    assert keywords == arguments
    Typed(resource_id=None, **keywords)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"to": 5},
        {"to": "x", "times": 1.5},
        {"to": "x", "times": True},
        {"to": "x", "loud": 1},
        {"to": "x", "other": 1},
    ],
)
def test_what_does_not_fit_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidArguments):
        check_arguments("test.job", arguments, schema_of(Typed))


def test_one_that_takes_whatever_comes_says_so() -> None:
    schema = schema_of(Open)
    assert schema["additionalProperties"] is True
    check_arguments("test.job", {"any": "thing"}, schema)


def test_a_type_without_a_schema_takes_anything() -> None:
    check_arguments("test.job", {"any": "thing"}, {})


@pytest.mark.parametrize("stored", [None, "{}", {}])
def test_no_arguments_are_no_keywords(stored: Any) -> None:
    assert cast_scheduled_event_args(stored) == {}
    assert argument_text("test.job", stored) == "{}"


@pytest.mark.parametrize("stored", ["[]", "5", "{", '{"a": Infinity}'])
def test_stored_arguments_that_are_none_are_refused(stored: str) -> None:
    with pytest.raises(InvalidArguments):
        cast_scheduled_event_args(stored)


def test_the_text_is_the_shortest_with_its_keys_in_order() -> None:
    assert argument_text("test.job", {"b": [1, 2], "a": "\u00e9"}) == '{"a":"\u00e9","b":[1,2]}'


def test_a_backslash_is_no_nul() -> None:
    assert argument_text("test.job", {"a": "\\u0000"}) == '{"a":"\\\\u0000"}'
