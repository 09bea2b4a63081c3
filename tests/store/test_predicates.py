"""A predicate as SQL finds the resources that it holds for in memory, however odd their tags."""

from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duetime.bots.evaluate import matches
from duetime.core.predicates import (
    AccountIn,
    All,
    AnyOf,
    Not,
    Predicate,
    RegionIn,
    StateIn,
    TagIn,
    TagPresent,
    TypeIn,
)
from duetime.core.resources import Resource
from duetime.store.resource_table import ResourceTable
from duetime.store.store import Store

NOW = datetime(2026, 3, 2, tzinfo=UTC)

ODD = [
    "", " ", "env", "Env", "ENV", "owner", "a.b", "$.a", "$", "*", "a[0]", '"', "'", '"a"', "a'b", "\\", "\\u0041", "%",
    "_", "%s", ":x", "?", "--", "{}", "[]", "null", "true", "0", "é", "e\u0301", "ß", "ẞ", "SS", "İ", "🚀",
    "👩\u200d👧", "\u200b", "\ufeff", "\uffff", "\U0010ffff", "\t", "\n", "\r\n", "\x01", "\x7f", "a\u2028b",
    "aws:cloudformation:stack-name", "dev", "prod", "x" * 300,
]  # fmt: skip

texts = st.sampled_from(ODD) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=6)
tags = st.dictionaries(texts, texts, max_size=4)
names = st.sampled_from(["a", "A", "b", "ä", "'", "10", "us-east-1", "running", "stopped", "instance"])
some = st.lists(names, max_size=3).map(tuple)

leaves: st.SearchStrategy[Predicate] = st.one_of(
    texts.map(TagPresent),
    st.builds(TagIn, texts, st.lists(texts, max_size=3).map(tuple)),
    some.map(StateIn),
    some.map(TypeIn),
    some.map(AccountIn),
    some.map(RegionIn),
)
predicates: st.SearchStrategy[Predicate] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, max_size=3).map(lambda parts: All(tuple(parts))),
        st.lists(inner, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
    ),
    max_leaves=6,
)


@st.composite
def resources(draw: st.DrawFn) -> Resource:
    number = draw(st.integers(0, 9))
    return Resource.of(
        resource_type=draw(names),
        account=draw(names),
        region=draw(names),
        provider_id=f"i-{number}",
        state=draw(names),
        tags=draw(tags),
    )


@st.composite
def questions(draw: st.DrawFn) -> tuple[list[Resource], Predicate]:
    """Draw some resources and a predicate that often speaks of the tags that they have."""
    found = {resource.resource_id: resource for resource in draw(st.lists(resources(), max_size=5))}
    present = [item for resource in found.values() for item in resource.tags.items()]
    about: st.SearchStrategy[Predicate] = predicates
    if present:
        key, value = draw(st.sampled_from(present))
        known: st.SearchStrategy[Predicate] = st.sampled_from(
            [TagPresent(key), TagIn(key, (value,)), TagIn(key, ("", value))]
        )
        about = st.one_of(predicates, known, known.map(Not), st.builds(lambda a, b: All((a, b)), known, predicates))
    return list(found.values()), draw(about)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=questions())
def test_sql_and_memory_agree(store: Store, question: tuple[list[Resource], Predicate]) -> None:
    found, predicate = question
    with store.engine.connect() as connection:
        inventory = ResourceTable(connection, now=NOW)  # rolled back, so that the next example finds it empty
        inventory.save(found)
        by_sql = {resource.resource_id: dict(resource.tags) for resource in inventory.matching(predicate)}
    assert by_sql == {one.resource_id: dict(one.tags) for one in found if matches(predicate, one)}


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


def test_long_lists_and_deep_nests_are_understood(store: Store) -> None:
    one = Resource.of(resource_type="instance", account="10", region="r", provider_id="i", tags={"env": "v7"})
    predicate: Predicate = TagIn("env", tuple(f"v{number}" for number in range(2000)))
    for _ in range(8):
        predicate = Not(All((Not(predicate), TagPresent("env"))))
    with store.write() as tx:
        tx.resources.save([one])
        assert len(tx.resources.matching(predicate)) == matches(predicate, one) == 1
