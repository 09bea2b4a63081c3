import contextlib
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duetime.bots.templates import TemplateFailed, TemplateField, render, template_names, template_problem
from duetime.core.errors import InvalidSetting
from duetime.core.resources import Resource


@pytest.fixture
def says(make: Callable[..., Resource]) -> Callable[[str], str]:
    resource = make(name="web", tags={"owner": "ann", "items": "7"}, created_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC))
    names = template_names(resource, hookpoint="run", bot_name="nightly", badges={"env": "prod"})
    return lambda text: render(text, names)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ resource.name }} of {{ resource.tags.owner }}", "web of ann"),
        ("{{ event.resource.name }} ({{ event.bot_name }})", "web (nightly)"),
        ("{{ resource.tags['items'] }} {{ account.badges.env }}", "7 prod"),
        ("{{ resource.created_at }}", "2026-01-02 03:04 UTC"),
        ("{{ resource.tags.get('none', '-') }} {{ resource.tags.none | default('?') }}", "- ?"),
        ("{% for k, v in resource.tags.items() %}{{ loop.index }}{{ k }}={{ v }};{% endfor %}", "1owner=ann;2items=7;"),
        ("{{ resource.name.upper() ~ '-' ~ (1 + 2) }}", "WEB-3"),
        ("{{ ['a', 'b'] | join(', ') }} {{ resource.name | replace('w', 'v') }}", "a, b veb"),
        ("{{ resource.tags | tojson }}", '{"owner": "ann", "items": "7"}'),
        ("{% set x = 'a' %}{% if x == 'a' and 'b' not in x %}yes{% endif %}", "yes"),
    ],
)
def test_a_template_says(says: Callable[[str], str], text: str, said: str) -> None:
    assert says(text) == said


@pytest.mark.parametrize(
    "text",
    [
        "{% for i in range(10**9) %}x{% endfor %}",
        "{% for i in range(1000) %}{% for j in range(1000) %}{% endfor %}{% endfor %}",
        "{{ 'x' * 10**9 }}",
        "{{ 10**10**10 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '{:>1000000000}'.format(1) }}",
        "{{ 'x'.ljust(1000000000) }}",
        "{{ 'x' | center(1000000000) }}",
        "{% set x = 'xxxxxxxx' %}" + "{% set x = x ~ x %}" * 60 + "{{ x }}",
        "{% set x = 'xxxxxxxx' %}" + "{% set x = x + x %}" * 60 + "{{ x }}",
        "{% set x %}xxxxxxxx{% endset %}" + "{% set x %}{{ x }}{{ x }}{% endset %}" * 60 + "{{ x }}",
        "{% set x = [1] %}" + "{% set x = [x, x] %}" * 60 + "{{ x }}",
        "{% set x = 9999999999 %}" + "{% set x = x * x %}" * 60 + "{{ x }}",
        "{% for i in range(1000) %}" + "x" * 100 + "{% endfor %}",
        "{% macro m(n) %}{{ m(n) }}{{ m(n) }}{% endmacro %}{{ m(1) }}",
        "{% for i in [1] recursive %}{{ loop([1, 1]) }}{% endfor %}",
        "{% set x = 'x' | replace('', 'yyyyyyyy') %}" + "{% set x = x | replace('y', 'yyyyyyyy') %}" * 20 + "{{ x }}",
        "{{ lipsum(n=100000) }}",
        "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
    ],
)
def test_a_template_that_runs_away_ends_at_once(says: Callable[[str], str], text: str) -> None:
    begun = time.process_time()
    with pytest.raises(TemplateFailed):
        says(text)
    # One that ran on would take all memory, or minutes; much of this is what other threads of the process do meanwhile.
    assert time.process_time() - begun < 10


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ resource['__class__'] }}",
        "{{ resource.tags.__init__ }}",
        "{{ resource.tags.update({'a': 'b'}) }}",
        "{{ resource.tags.clear() }}",
        "{{ loop.__init__ }}",
        "{{ range.__globals__ }}",
        "{{ (resource.tags.get).__self__ }}",
        "{{ self }}",
        "{{ cycler }}",
        "{{ resource | attr('x') }}",
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% extends 'x' %}",
        "{% block a %}{% endblock %}",
        "{{ resource.nothing }}",
        "{{ resource.tags.none.more }}",
        "{{ 1 / 0 }}",
        "{{ resource.data }}",
    ],
)
def test_nothing_outside_the_plain_values_is_reached(says: Callable[[str], str], text: str) -> None:
    with pytest.raises(TemplateFailed):
        says(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{{ a", "a fault in line 1"),
        ("\n{% if %}", "a fault in line 2"),
        ("{{ resorce.name }}", "names 'resorce', which there is not; did you mean resource"),
        ("{{ x | attr('y') }}", "No filter named 'attr'"),
        ("x" * 8001, "at most 8000 characters"),
        ("{% include 'x' %}", "includes cannot be used"),
    ],
)
def test_a_fault_is_said_when_the_bot_is_checked(text: str, problem: str) -> None:
    with pytest.raises(InvalidSetting, match=problem):
        TemplateField("body").validate(text)


def test_a_good_template_has_no_problem() -> None:
    assert template_problem("{% for i in range(3) %}{{ i }} {{ bot.name }}{% endfor %}") is None


@given(st.text(alphabet="{}%| xfor'[]()*+~.1", max_size=60))
def test_any_text_is_rendered_or_refused(text: str) -> None:
    names = template_names(Resource.of(resource_type="instance", account="1", region="r", provider_id="i"))
    with contextlib.suppress(TemplateFailed):
        assert isinstance(render(text, names), str)
