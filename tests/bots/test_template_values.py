import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duetime.bots.template_values import check_value, render_value
from duetime.bots.templates import TemplateFailed, as_template, render, template_names
from duetime.core.errors import InvalidSetting
from duetime.core.resources import Resource


def test_texts_at_any_depth_are_rendered_and_nothing_else(make: Callable[..., Resource]) -> None:
    names = template_names(make(tags={"owner": "ann"}))
    given_value: dict[str, Any] = {
        "tags": {"{{ key }}": "{{ resource.tags.owner }}-x"},
        "n": 5,
        "on": True,
        "list": ["{{ bot.name }}", None],
    }
    said = render_value(given_value, names)
    assert said == {"tags": {"{{ key }}": "ann-x"}, "n": 5, "on": True, "list": ["", None]}


def test_where_it_fails_is_said(make: Callable[..., Resource]) -> None:
    with pytest.raises(TemplateFailed, match=r"a\.1: 'dict object' has no attribute 'owner'"):
        render_value({"a": ["x", "{{ resource.tags.owner }}"]}, template_names(make()))


def test_where_a_fault_is_is_said() -> None:
    with pytest.raises(InvalidSetting, match=r"Setting args: a\.b: the template has a fault in line 1"):
        check_value("args", {"a": {"b": "{{ x"}})


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=256))
def test_a_text_as_a_template_says_itself(text: str) -> None:
    assert render(as_template(text), {}) == text


def test_ten_thousand_renderings_of_one_template_take_no_ten_thousand_compilations(
    make: Callable[..., Resource],
) -> None:
    names = template_names(make(name="web"))
    begun = time.process_time()
    for _ in range(10_000):
        render("{{ resource.name }} {{ resource.tags | tojson }}", names)
    assert time.process_time() - begun < 5  # 20 s when each is compiled
