from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from tests.bots.questions import NOW, Question, in_memory, questions, sayable

from duetime.bots.evaluate import matches
from duetime.bots.pushdown import find, narrowed, widened
from duetime.core.errors import Invalid
from duetime.core.predicates import (
    ANYTHING,
    NOTHING,
    All,
    AnyOf,
    DataMatches,
    InGroup,
    Not,
    Predicate,
    StateIn,
    TagMatches,
    TagPresent,
    TextField,
    TextMatches,
    is_sayable,
)
from duetime.core.resources import Resource
from duetime.store.store import Store

LIKE = TagMatches("env", "^d")
NAMED = TextMatches(TextField.NAME, "^web")
DATA = DataMatches("a")
STATE = StateIn(("running",))


class Listed:
    """An inventory that keeps what it was asked."""

    now = NOW

    def __init__(self, *found: Resource) -> None:
        self.found = found
        self.asked: list[tuple[Predicate, frozenset[str]]] = []

    def each(self, predicate: Predicate, *, groups: frozenset[str] = frozenset()) -> Iterator[Resource]:
        self.asked.append((predicate, groups))
        return iter([one for one in self.found if matches(predicate, one, now=NOW)])


@pytest.mark.parametrize(
    ("predicate", "wide", "narrow"),
    [
        (STATE, STATE, STATE),
        (LIKE, TagPresent("env"), NOTHING),
        (NAMED, ANYTHING, NOTHING),
        (DATA, ANYTHING, NOTHING),
        (Not(LIKE), Not(NOTHING), Not(TagPresent("env"))),
        (Not(Not(LIKE)), Not(Not(TagPresent("env"))), Not(Not(NOTHING))),
        (All((STATE, DATA)), All((STATE, ANYTHING)), All((STATE, NOTHING))),
        (AnyOf((STATE, Not(DATA))), AnyOf((STATE, Not(NOTHING))), AnyOf((STATE, Not(ANYTHING)))),
    ],
)
def test_what_sql_cannot_say_becomes_more_or_less(predicate: Predicate, wide: Predicate, narrow: Predicate) -> None:
    assert widened(predicate) == wide
    assert narrowed(predicate) == narrow


@given(questions(sayable | in_memory | in_memory))
def test_more_is_never_less(question: Question) -> None:
    wide, narrow = widened(question.predicate), narrowed(question.predicate)
    assert is_sayable(wide)
    assert is_sayable(narrow)
    for one in question.found:
        answer = matches(question.predicate, one, now=NOW)
        assert matches(wide, one, now=NOW) >= answer >= matches(narrow, one, now=NOW)
    if is_sayable(question.predicate):
        assert wide == narrow == question.predicate


def test_only_what_may_match_is_read_and_only_the_rest_is_looked_at(make: Callable[..., Resource]) -> None:
    inventory = Listed(
        make("i-1", state="running", tags={"env": "dev"}), make("i-2", state="running", tags={"env": "prod"})
    )
    assert [one.provider_id for one in find(All((STATE, LIKE)), inventory)] == ["i-1"]
    assert inventory.asked == [(All((STATE, TagPresent("env"))), frozenset())]


def test_groups_that_only_the_rest_asks_about_are_still_asked_for(make: Callable[..., Resource]) -> None:
    inventory = Listed(make("i-1"))
    assert not list(find(AnyOf((DATA, InGroup(("ours",)))), inventory))
    assert inventory.asked == [(AnyOf((ANYTHING, InGroup(("ours",)))), frozenset({"ours"}))]


def test_a_fault_in_an_expression_is_raised_and_nobody_is_left_out_in_silence(make: Callable[..., Resource]) -> None:
    with pytest.raises(Invalid, match="is refused"):
        list(find(DataMatches("a["), Listed(make())))


def test_resources_are_looked_at_one_by_one(store: Store, make: Callable[..., Resource]) -> None:
    with store.write() as tx:
        tx.resources.save(make(f"i-{number:04}", data={"n": number}) for number in range(1500))
    with store.read() as tx:
        found = find(DataMatches("n >= `2`"), tx.resources)
        assert next(found).provider_id == "i-0002"
        assert sum(1 for _ in found) == 1497
