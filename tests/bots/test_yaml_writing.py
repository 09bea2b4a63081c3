from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duetime.bots.complaints import Complaints
from duetime.bots.yaml_nodes import read_yaml
from duetime.bots.yaml_writing import write_yaml
from duetime.core.json_types import JsonValue

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def read(text: str) -> list[Any]:
    complaints = Complaints()
    documents = read_yaml(text, source="bots.yaml", complaints=complaints)
    complaints.raise_first()
    return [node.plain() for node in documents]


@given(st.lists(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=3), min_size=1, max_size=2))
def test_what_is_written_is_read_back(documents: list[dict[str, Any]]) -> None:
    assert read(write_yaml(documents)) == documents


@pytest.mark.parametrize("text", ["a\x85b", "a\u2028b", "\ufeff", "a \n b\n", "\n", "\t\n x", "é\n", "# x\n", "a\r\nb"])
def test_odd_texts_are_read_back(text: str) -> None:
    assert read(write_yaml([{"notes": text, "é": [text]}])) == [{"notes": text, "é": [text]}]


def test_it_is_written_for_people() -> None:
    shared: list[JsonValue] = ["a"]
    assert write_yaml([{"name": "é", "notes": "one\ntwo\n", "x": shared, "y": shared}]) == (
        "name: é\nnotes: |\n  one\n  two\nx:\n- a\ny:\n- a\n"
    )
    assert write_yaml([{"a": 1}, {"b": 2}]) == "---\na: 1\n---\nb: 2\n"
