import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duetime.core.json_types import canonical

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(st.text(), plain, max_size=5)


@given(value=objects)
def test_the_text_says_the_value(value: dict[str, Any]) -> None:
    assert json.loads(canonical(value)) == value


@given(value=objects)
def test_equal_objects_have_equal_texts_whatever_their_order(value: dict[str, Any]) -> None:
    assert canonical(dict(reversed(value.items()))) == canonical(value)
    assert canonical(json.loads(canonical(value))) == canonical(value)


def test_it_is_short_and_says_characters_as_they_are() -> None:
    assert canonical({"b": [1, None, True], "a": {"größe": "🚀"}}) == '{"a":{"größe":"🚀"},"b":[1,null,true]}'


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_json_has_no_number_for_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"x": number})


@pytest.mark.parametrize("value", [b"bytes", {1}, object()])
def test_what_json_cannot_say_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        canonical({"x": value})
