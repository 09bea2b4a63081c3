"""Questions that only somebody else can answer: asked once, of all who come into question."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duetime.bots.asking import answered, presumed, questions_in
from duetime.bots.evaluate import matches
from duetime.bots.explain import in_words
from duetime.bots.pushdown import narrowed, widened
from duetime.core.errors import Invalid
from duetime.core.predicates import All, AnyOf, Asked, Not, Predicate, StateIn, is_sayable
from duetime.core.resources import Resource

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
CLOUD: Any = object()


def resource(name: str, state: str = "running") -> Resource:
    return Resource.of(resource_type="instance", account="10", region="us-east-1", provider_id=name, state=state)


ONE, TWO = resource("i-1"), resource("i-2", state="stopped")


class Oracle:
    """Answers for those it is told of, and counts how often it is asked."""

    def __init__(self, *yes: Resource) -> None:
        self.yes = {each.resource_id for each in yes}
        self.asked: list[tuple[str, ...]] = []

    def __call__(self, resources: Sequence[Resource], cloud: Any) -> Collection[str]:
        assert cloud is CLOUD
        self.asked.append(tuple(each.provider_id for each in resources))
        return self.yes


def test_an_answer_is_about_those_that_were_asked_for() -> None:
    oracle = Oracle(ONE)
    predicate = answered(All((Asked("is it so", oracle), StateIn(("running",)))), [ONE, TWO], cloud=CLOUD)
    assert matches(predicate, ONE, now=NOW)
    assert not matches(predicate, TWO, now=NOW)
    assert oracle.asked == [("i-1", "i-2")]


def test_equal_questions_are_asked_once() -> None:
    oracle = Oracle(ONE)
    twice = AnyOf((Asked("is it so", oracle), Not(Asked("is it so", Oracle()))))
    assert matches(answered(twice, [ONE], cloud=CLOUD), ONE, now=NOW)
    assert len(oracle.asked) == 1


def test_without_a_question_nobody_is_asked_and_without_a_cloud_nobody_can_be() -> None:
    plain = StateIn(("running",))
    assert answered(plain, [ONE]) is plain
    with pytest.raises(Invalid, match="is it so can be asked in a run alone"):
        answered(Asked("is it so", Oracle()), [ONE])


def test_a_question_that_was_not_asked_is_no_answer() -> None:
    with pytest.raises(TypeError, match="must be answered before"):
        matches(Asked("is it so", Oracle(ONE)), ONE, now=NOW)


def test_its_words_are_what_people_read() -> None:
    assert in_words(answered(Asked("is it so", Oracle()), [ONE], cloud=CLOUD)) == "is it so"


ASKED = st.sampled_from([Asked("first", Oracle(ONE)), Asked("second", Oracle(TWO)), Asked("third", Oracle(ONE, TWO))])
LEAVES: st.SearchStrategy[Predicate] = ASKED | st.sampled_from([StateIn(("running",)), StateIn(("stopped",))])
PREDICATES = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(All, st.lists(inner, max_size=3).map(tuple))
        | st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple))
    ),
)


@given(PREDICATES, st.sampled_from([ONE, TWO]))
def test_what_is_presumed_or_widened_holds_wherever_the_answer_does(predicate: Predicate, one: Resource) -> None:
    holds = matches(answered(predicate, [ONE, TWO], cloud=CLOUD), one, now=NOW)
    assert not questions_in(presumed(predicate))
    assert is_sayable(widened(predicate))
    assert is_sayable(narrowed(predicate))
    if holds:
        assert matches(presumed(predicate), one, now=NOW)
        assert matches(widened(predicate), one, now=NOW)
    else:
        assert not matches(narrowed(predicate), one, now=NOW)
