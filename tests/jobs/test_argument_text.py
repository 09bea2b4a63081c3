"""What may be stored as arguments: what is accepted comes back the same, from any database, in any thread."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duetime.core.errors import InvalidArguments
from duetime.jobs.arguments import MAX_BYTES, MAX_DEPTH, OWN_KEYWORDS, argument_text, cast_scheduled_event_args

any_text = st.text(st.characters(codec=None, categories=None), max_size=8)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text | st.binary(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(any_text | st.integers() | st.none() | st.booleans(), inner, max_size=3)
    ),
    max_leaves=10,
)


def _nested(depth: int, *, of: str = "lists") -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value] if of == "lists" else {"a": value}
    return value


@given(arguments=st.dictionaries(any_text | st.integers(), anything, max_size=4))
def test_arguments_come_back_as_they_were_or_are_refused(arguments: dict[Any, Any]) -> None:
    try:
        text = argument_text("test.job", arguments)
    except InvalidArguments:
        return
    text.encode()
    assert "\x00" not in text
    back = cast_scheduled_event_args(text)
    assert back == json.loads(json.dumps(arguments))
    assert argument_text("test.job", back) == text
    assert argument_text("test.job", text) == text


@given(text=any_text | st.from_regex(r'\{"[a-z]": ?[^"]*\}', fullmatch=True))
def test_any_text_is_an_object_or_is_refused(text: str) -> None:
    try:
        assert isinstance(json.loads(argument_text("test.job", text)), dict)
    except InvalidArguments as error:
        problem = str(error)
    else:
        return
    assert problem.startswith("Arguments for test.job are refused: ")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"a": float("nan")}, "cannot be written as JSON"),
        ({"a": [float("inf")]}, "cannot be written as JSON"),
        ('{"a": NaN}', "NaN is not JSON"),
        ('{"a": -Infinity}', "-Infinity is not JSON"),
        ('{"a": 1e999}', "cannot be written as JSON"),
        ({"a": "zero \x00 byte"}, "the NUL character"),
        ({"zero \x00 byte": 1}, "the NUL character"),
        ('{"a": ["\\u0000"]}', "the NUL character"),
        ({"a": "half \ud800 pair"}, "half of a surrogate pair"),
        ({"half \ud800 pair": 1}, "half of a surrogate pair"),
        ('{"a": "\\udfff"}', "half of a surrogate pair"),
        ({1: "a"}, "keys must be text, not 1"),
        ({"a": {1: "b"}}, "keys must be text, not 1"),
        ({"a": [{None: "b"}]}, "keys must be text, not None"),
        ({"a": {True: "b"}}, "keys must be text, not True"),
        ({"a": object}, "cannot be written as JSON"),
        ({"a": b"bytes"}, "cannot be written as JSON"),
        ({"a": {1, 2}}, "cannot be written as JSON"),
        ("", "an empty text is not a JSON object"),
        ("[]", "a JSON object is needed, not list"),
        ([], "a JSON object is needed, not list"),
        (0, "a JSON object is needed, not int"),
        ('"a"', "a JSON object is needed, not str"),
        ("{a: 1}", "the text is not JSON"),
        *(({name: "x"}, f"'{name}' is given by duetime") for name in OWN_KEYWORDS),
    ],
)
def test_what_could_not_be_kept_is_refused(arguments: Any, problem: str) -> None:
    with pytest.raises(InvalidArguments, match=problem):
        argument_text("test.job", arguments)


@pytest.mark.parametrize("of", ["lists", "objects"])
def test_arguments_may_be_nested_so_deep_and_no_deeper(of: str) -> None:
    deep = {"a": _nested(MAX_DEPTH - 1, of=of)}
    assert cast_scheduled_event_args(argument_text("test.job", deep)) == deep
    for depth in (MAX_DEPTH, 10_000):
        with pytest.raises(InvalidArguments, match=f"nested more than {MAX_DEPTH} deep"):
            argument_text("test.job", {"a": _nested(depth, of=of)})


def test_a_text_that_is_nested_too_deep_is_refused_however_deep_it_is() -> None:
    for depth in (MAX_DEPTH + 1, 100_000):
        with pytest.raises(InvalidArguments):
            argument_text("test.job", '{"a":' + "[" * depth + "]" * depth + "}")


def test_an_object_within_itself_is_refused() -> None:
    endless: dict[str, Any] = {}
    endless["a"] = [endless]
    with pytest.raises(InvalidArguments, match="nested more than"):
        argument_text("test.job", endless)


@pytest.mark.parametrize("character", ["x", "é", "🚀"])
def test_the_size_is_counted_in_bytes(character: str) -> None:
    width = len(character.encode())
    room = MAX_BYTES - len('{"a":""}')
    fits = character * (room // width)
    assert len(argument_text("test.job", {"a": fits}).encode()) <= MAX_BYTES
    with pytest.raises(InvalidArguments, match=rf"they take \d+ bytes and at most {MAX_BYTES} are allowed"):
        argument_text("test.job", {"a": fits + character})
    with pytest.raises(InvalidArguments, match="at most 10 are allowed"):
        argument_text("test.job", {"a": "12345"}, most=10)
