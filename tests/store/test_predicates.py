"""A predicate as SQL finds the resources that it holds for in memory, however odd their tags."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import select
from tests.bots.questions import GROUPS, NOW, ODD, UNKEPT, Question, in_memory, questions, sayable

from duetime.bots.evaluate import matches
from duetime.bots.pushdown import find
from duetime.core.errors import Invalid, UnknownName
from duetime.core.predicates import (
    ANYTHING,
    All,
    DataMatches,
    IdIn,
    InGroup,
    Not,
    Predicate,
    StateIn,
    TagIn,
    TagMatches,
    TagPresent,
    TextField,
    TextIn,
    TextMatches,
)
from duetime.core.resources import Resource
from duetime.store.cloud_tables import resources
from duetime.store.predicates import compile_predicate
from duetime.store.resource_group_table import ResourceGroupTable
from duetime.store.resource_table import ResourceTable
from duetime.store.store import Store


@contextmanager
def asked(store: Store, question: Question) -> Iterator[ResourceTable]:
    """Give the inventory that holds the resources of a question; it is empty again afterwards."""
    with store.engine.connect() as connection:
        inventory = ResourceTable(connection, now=NOW)
        inventory.save(question.found)
        groups = ResourceGroupTable(connection, now=NOW)
        for name in GROUPS:
            groups.save(name)
            groups.add(name, [one for one, names in question.members.items() if name in names])
        yield inventory


def in_memory_of(question: Question) -> set[str]:
    """Return the ids of the resources that the predicate holds for on a fresh read."""
    fresh = [replace(one, groups=question.members[one.resource_id]) for one in question.found]
    return {one.resource_id for one in fresh if matches(question.predicate, one, now=NOW)}


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=questions(sayable))
def test_sql_and_memory_agree(store: Store, question: Question) -> None:
    with asked(store, question) as inventory:
        assert {one.resource_id for one in inventory.matching(question.predicate)} == in_memory_of(question)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=questions(sayable | in_memory | in_memory))
def test_what_sql_cannot_say_is_looked_through(store: Store, question: Question) -> None:
    with asked(store, question) as inventory:
        assert {one.resource_id for one in find(question.predicate, inventory)} == in_memory_of(question)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=questions(sayable))
def test_no_condition_is_ever_unknown(sqlite_store: Store, question: Question) -> None:
    with asked(sqlite_store, question) as inventory:
        condition = compile_predicate(question.predicate, dialect="sqlite", now=NOW)
        unknown = select(resources.c.resource_id).where(condition.is_(None))
        assert not inventory._connection.execute(unknown).all()


def test_an_odd_tag_is_found_by_its_key_and_its_value(store: Store) -> None:
    everyone = [
        Resource.of(resource_type="instance", account="10", region="r", provider_id=f"i-{number}", tags={odd: other})
        for number, (odd, other) in enumerate(zip(ODD, reversed(ODD), strict=True))
    ]
    with store.write() as tx:
        assert tx.resources.save(everyone) == len(ODD)
    with store.read() as tx:
        for one, odd, other in zip(everyone, ODD, reversed(ODD), strict=True):
            for predicate in (TagPresent(odd), TagIn(odd, (other,))):
                assert [found.provider_id for found in tx.resources.matching(predicate)] == [one.provider_id], odd
            assert tx.resources.matching(TagIn(odd, (other + "x",))) == []
            assert len(tx.resources.matching(Not(TagPresent(odd)))) == len(ODD) - 1


def test_a_key_that_ends_like_another_one_is_not_taken_for_it(store: Store) -> None:
    """Written as JSON, the first key holds the whole of `"env":"dev"`, and still there is no such tag."""
    one = Resource.of(resource_type="instance", account="10", region="r", provider_id="i", tags={'x"env': "dev"})
    with store.write() as tx:
        tx.resources.save([one])
        for predicate in (TagPresent("env"), TagIn("env", ("dev",)), TagIn("env", tuple(f"v{n}" for n in range(9)))):
            assert tx.resources.matching(predicate) == []
            assert len(tx.resources.matching(Not(predicate))) == 1


def test_a_tag_of_256_odd_characters_is_found(store: Store) -> None:
    odd = ("\"'\\%_\t\n\x01\x7f\u2028é🚀👩\u200d👧;--" * 20)[:256]
    one = Resource.of(resource_type="instance", account="10", region="r", provider_id="i", tags={odd: odd, "a": odd})
    other = Resource.of(resource_type="instance", account="10", region="r", provider_id="j", tags={odd[:-1]: odd})
    assert len(odd) == 256
    with store.write() as tx:
        tx.resources.save([one, other])
        for predicate in (TagPresent(odd), TagIn(odd, (odd,)), TagIn("a", (odd,))):
            assert [found.provider_id for found in tx.resources.matching(predicate)] == ["i"]
            assert matches(predicate, one, now=NOW)
            assert not matches(predicate, other, now=NOW)


@pytest.mark.parametrize("unkept", UNKEPT)
def test_a_text_that_no_database_keeps_is_nowhere_and_no_error(store: Store, unkept: str) -> None:
    one = Resource.of(
        resource_type="instance", account="10", region="r", provider_id="i", tags={unkept: unkept, "a": unkept}
    )
    with store.write() as tx:
        tx.resources.save([one])
        for predicate in (
            TagPresent(unkept),
            TagIn(unkept, (unkept,)),
            TagIn("a", (unkept,)),
            TextIn(TextField.NAME, (unkept,)),
            IdIn((unkept,)),
        ):
            assert tx.resources.matching(predicate) == []
            assert len(tx.resources.matching(Not(predicate))) == 1
            assert not matches(predicate, one, now=NOW)


def test_a_fresh_text_is_asked_as_the_inventory_keeps_it(store: Store) -> None:
    odd, kept = "a\x00b\ud800", "a\ufffdb?"
    one = Resource.of(
        resource_type="instance",
        account="10",
        region="r",
        provider_id="i",
        name=odd,
        state=odd,
        size=odd,
        tags={odd: odd, "env": odd},
    )
    with store.write() as tx:
        tx.resources.save([one])
        for predicate in (
            TagPresent(kept),
            TagIn(kept, (kept,)),
            TagIn("env", (kept,)),
            TagMatches(kept, "\ufffd"),
            TextIn(TextField.NAME, (kept,)),
            TextIn(TextField.SIZE, (kept,)),
            TextIn(TextField.STATE, (kept,)),
            TextMatches(TextField.NAME, "^a.b[?]$"),
            StateIn((kept,)),
        ):
            assert len(list(find(predicate, tx.resources))) == 1, predicate
            assert matches(predicate, one, now=NOW), predicate


@pytest.mark.parametrize("number", [2000, 70_000])
def test_long_lists_and_deep_nests_are_understood(store: Store, number: int) -> None:
    one = Resource.of(resource_type="instance", account="10", region="r", provider_id="i", tags={"env": "v7"})
    predicate: Predicate = TagIn("env", tuple(f"v{number}" for number in range(number)))
    for _ in range(8):
        predicate = Not(All((Not(predicate), TagPresent("env"))))
    with store.write() as tx:
        tx.resources.save([one])
        assert len(tx.resources.matching(predicate)) == matches(predicate, one, now=NOW) == 1
        assert tx.resources.matching(IdIn(tuple(f"instance:10:r:i{n}:" for n in range(number)))) == []
        assert len(tx.resources.matching(IdIn((*map(str, range(number)), one.resource_id, "é🚀")))) == 1


@pytest.mark.parametrize("part", [TagMatches("env", "d"), TextMatches(TextField.NAME, "d"), DataMatches("a")])
def test_what_sql_cannot_say_is_refused_and_not_guessed(store: Store, part: Predicate) -> None:
    with store.read() as tx, pytest.raises(Invalid, match=r"has no SQL form. Ask through duetime\.bots\.pushdown"):
        tx.resources.matching(All((TagPresent("a"), Not(part))))


def test_resources_know_their_groups_when_a_group_is_asked_about(store: Store) -> None:
    some = [
        Resource.of(resource_type="instance", account="10", region="r", provider_id=f"i-{number}", tags={"n": "1"})
        for number in range(3)
    ]
    with store.write() as tx:
        tx.resources.save(some)
        for name in ("ours", "theirs"):
            tx.groups.save(name)
        tx.groups.add("ours", [some[0].resource_id])
        tx.groups.add("theirs", [some[0].resource_id, some[1].resource_id])
    with store.read() as tx:
        (found,) = tx.resources.matching(InGroup(("ours",)))
        assert found.groups == {"ours", "theirs"}
        rest = tx.resources.matching(Not(InGroup(("ours",))))
        assert {one.provider_id: set(one.groups) for one in rest} == {"i-1": {"theirs"}, "i-2": set()}
        assert all(one.groups == frozenset() for one in tx.resources.matching(ANYTHING))
        given_too = tx.resources.each(ANYTHING, groups=frozenset({"ours"}))
        assert [len(one.groups) for one in given_too] == [2, 1, 0]


def test_a_group_that_does_not_exist_is_an_error_and_no_empty_group(store: Store) -> None:
    with store.write() as tx:
        tx.groups.save("legal-hold")
        for predicate in (InGroup(("legal-hod",)), Not(InGroup(("legal-hold", "legal-hod")))):
            with pytest.raises(UnknownName, match=r"no resource group 'legal-hod'\. Did you mean legal-hold"):
                tx.resources.matching(predicate)
        with pytest.raises(UnknownName, match="legal-hod"):
            tx.resources.each(ANYTHING, groups=frozenset({"legal-hod"}))


def test_an_answer_is_read_page_by_page(store: Store) -> None:
    many = [
        Resource.of(resource_type="instance", account="10", region="r", provider_id=f"i-{number:04}")
        for number in range(1201)
    ]
    with store.write() as tx:
        tx.resources.save(many)
        tx.groups.save("ours")
        tx.groups.add("ours", [many[-1].resource_id])
    with store.read() as tx:
        answer = tx.resources.each(Not(InGroup(())), groups=frozenset({"ours"}))
        assert next(answer).provider_id == "i-0000"
        answer.close()  # type: ignore[attr-defined]  # whoever stops looking leaves nothing open behind
        everyone = list(tx.resources.each(ANYTHING, groups=frozenset({"ours"})))
    assert [one.resource_id for one in everyone] == [one.resource_id for one in many]
    assert [one.groups for one in everyone if one.groups] == [frozenset({"ours"})]
