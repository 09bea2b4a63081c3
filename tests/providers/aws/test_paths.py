from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duetime.providers.aws.entry import At, ForEach
from duetime.providers.aws.paths import OPTIONS, filled, value_at

RAW = {"a": {"b": [1, 2], "c": None}, "arn": "arn:aws:ecs:us-east-1:1:service/prod/web", "json": '{"x": 1}'}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("", RAW),
        ("a.b", [1, 2]),
        ("a.b[0]", 1),
        ("a.c", None),
        ("a.c.d", None),
        ("x.y", None),
        ("tail(arn)", "web"),
        ("tail('arn:aws:sns:us-east-1:1:topic')", "topic"),
        ("tail(x)", None),
        ("lower('READY')", "ready"),
        ("lower(x)", None),
        ("from_json(json)", {"x": 1}),
        ("from_json(x)", None),
    ],
)
def test_a_path_leads_to_its_value(path: str, value: Any) -> None:
    assert value_at(RAW, path) == value


_keys = st.sampled_from(["a", "b", "c"])
_values = st.recursive(st.none() | st.integers() | st.text(max_size=3), lambda inner: st.dictionaries(_keys, inner))


@given(_values, st.lists(_keys, min_size=1, max_size=4))
def test_the_short_way_to_a_value_is_no_other_way(raw: Any, keys: list[str]) -> None:
    import jmespath

    path = ".".join(keys)
    assert value_at(raw, path) == jmespath.search(path, raw, options=OPTIONS)


def test_what_comes_to_nothing_is_left_out() -> None:
    template = {"Id": At("id"), "Sizes": {"Min": At("min"), "Max": At("max")}, "Names": [At("id"), At("nothing"), "x"]}
    assert filled(template, {"id": "i-1", "max": 0}) == {"Id": "i-1", "Sizes": {"Max": 0}, "Names": ["i-1", "x"]}


def test_falsehood_is_not_nothing() -> None:
    assert filled({"Skip": At("skip"), "Text": At("text")}, {"skip": False, "text": ""}) == {"Skip": False, "Text": ""}


def test_a_template_is_filled_for_each() -> None:
    template = ForEach("keys", {"Key": At("each"), "Of": At("id")})
    assert filled(template, {"keys": ["a", "b"], "id": 1}) == [{"Key": "a", "Of": 1}, {"Key": "b", "Of": 1}]
    assert filled(template, {"keys": None}) == []
