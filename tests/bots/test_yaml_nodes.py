import json
import math
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from duetime.bots.complaints import Complaints
from duetime.bots.nodes import DEEPEST, Node, Place, node_of
from duetime.bots.yaml_nodes import read_yaml
from duetime.core.errors import InvalidDocument

# Without NUL, which is refused, and three line breaks that PyYAML's writer cannot write unescaped.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\x85\u2028\u2029"), max_size=12)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def read(text: str) -> tuple[Node, ...]:
    complaints = Complaints()
    nodes = read_yaml(text, source="bots.yaml", complaints=complaints)
    complaints.raise_first()
    return nodes


def plain(text: str) -> Any:
    (node,) = read(text)
    return node.plain()


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("19:00", "19:00"),
        ("2026-01-31", "2026-01-31"),
        ("no", "no"),
        ("on", "on"),
        ("012345678901", "012345678901"),
        ("0x1f", "0x1f"),
        ("1_000", "1_000"),
        ("<<", "<<"),
        ("true", True),
        ("False", False),
        ("-12", -12),
        ("1.5", 1.5),
        ("1.0e+3", 1000.0),
        ("1.0e3", "1.0e3"),
        ("'5'", "5"),
        ('"\\ud83d\\ude00"', "😀"),
        ("!!str 5", "5"),
        ("!!int 5", 5),
    ],
)
def test_values_are_what_they_look_like(written: str, value: object) -> None:
    read = plain(f"a: {written}")
    assert read == {"a": value}
    assert type(read["a"]) is type(value)


@pytest.mark.parametrize("written", ["", "~", "null"])
def test_nothing_is_nothing(written: str) -> None:
    assert plain(f"a: {written}") == {"a": None}


@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_what_any_yaml_writer_wrote_is_read_back(value: dict[str, object]) -> None:
    assert plain(yaml.safe_dump(value)) == value
    assert plain(yaml.safe_dump(value, default_flow_style=True, allow_unicode=True)) == value


def test_numbers_with_an_exponent_are_read_as_json_writes_them() -> None:
    assert plain('{"a": 1e-07, "b": "1e-07", "c": [2E5, -1.5e+9]}') == {"a": 1e-07, "b": "1e-07", "c": [2e5, -1.5e9]}
    assert plain("a: 1e-07") == {"a": "1e-07"}  # YAML writers leave this text unquoted


@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_json_is_read_as_it_is(value: dict[str, object]) -> None:
    assert plain(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("a: 1\nb: [1\nc: 2", 3, 2, "not YAML"),
        ("a: b: c", 1, 5, "not YAML"),
        ("a: &x 1\nb: *x", 2, 4, "aliases such as *x are refused"),
        ("a: 1\nb: 2\na: 3", 3, 1, "the key 'a' stands twice, first in line 1"),
        ("s: {x: 1, y: 2, x: 3}", 1, 17, "the key 'x' stands twice"),
        ("a:\n  - !!python/name:os.system x", 2, 5, "the tag 'tag:yaml.org,2002:python/name:os.system' is refused"),
        ("a: !!set {x: null}", 1, 4, "is refused"),
        ("a: !!omap [x: 1]", 1, 4, "is refused"),
        ("a: !!timestamp 2026-01-01", 1, 4, "is refused"),
        ("a: !mine 1", 1, 4, "'!mine' is refused"),
        ("a: !!int x", 1, 4, "'x' is no int"),
        ("1: a", 1, 1, "a key must be a text"),
        ("true: a", 1, 1, "a key must be a text"),
        ("? [a]\n: b", 1, 3, "a key must be a text"),
        ('a: "\\0"', 1, 4, "NUL"),
        ('"\\0": 1', 1, 1, "NUL"),
        ('a: "\\ud800"', 1, 4, "surrogate"),
        ("a: .nan", 1, 4, "finite"),
        ("a: 1.0e+999", 1, 4, "finite"),
        ("a: -.inf", 1, 4, "finite"),
        ("a: " + "9" * 5000, 1, 4, "too many digits"),
        ("a: 1\nb: \x07", 2, 4, "unreadable character"),
        ("a: \ud800", 1, 4, "unreadable character"),
        ("a: 1\n\tb: 2", 2, 1, "not YAML"),
    ],
)
def test_what_is_refused_is_shown_at_its_place(text: str, line: int, column: int, said: str) -> None:
    with pytest.raises(InvalidDocument) as caught:
        read(text)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"bots.yaml, line {line}, column {column}: ")


def test_a_deep_text_does_not_exhaust_the_stack() -> None:
    for text in ("[" * 100_000, "- " * 100_000, "{a: " * 100_000):
        with pytest.raises(InvalidDocument, match=f"more than {DEEPEST} levels"):
            read(text)


def test_aliases_cannot_expand() -> None:
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]"
    with pytest.raises(InvalidDocument, match=r"aliases such as \*a are refused") as caught:
        read(bomb)
    assert caught.value.line == 2


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({1: "a"}, "a key must be a text, not the number 1"),
        ({"a": {1, 2}}, "a: must be plain JSON, not a set"),
        ({"a": [{"b": math.nan}]}, r"a\[0\].b: a number must be finite"),
        ({"a": "\x00"}, "a: a text may not hold the character NUL"),
        ({"a": "\udc00"}, "a: a text may not hold half of a surrogate pair"),
    ],
)
def test_values_of_a_program_are_held_to_the_same(value: object, said: str) -> None:
    with pytest.raises(InvalidDocument, match=said):
        node_of(value, place=Place("<values>"))


def test_a_value_that_holds_itself_is_refused() -> None:
    value: dict[str, object] = {}
    value["self"] = value
    with pytest.raises(InvalidDocument, match="nested more than"):
        node_of(value, place=Place("<values>"))
