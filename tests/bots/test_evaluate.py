from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duetime.bots.evaluate import conjuncts, first_failure, matches
from duetime.bots.explain import explain_mismatch
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
from duetime.store.store import Store

Make = Callable[..., Resource]


@pytest.mark.parametrize(
    ("predicate", "answer"),
    [
        (TagPresent("env"), True),
        (TagPresent("ENV"), False),
        (TagPresent("empty"), True),
        (TagIn("env", ("prod", "dev")), True),
        (TagIn("env", ("DEV",)), False),
        (TagIn("env", ("de",)), False),
        (TagIn("env", ()), False),
        (TagIn("empty", ("",)), True),
        (TagIn("owner", ("",)), False),
        (StateIn(("stopped", "running")), True),
        (StateIn(("Running",)), False),
        (StateIn(()), False),
        (TypeIn(("instance",)), True),
        (TypeIn(("volume",)), False),
        (AccountIn(("10",)), True),
        (AccountIn(("1",)), False),
        (RegionIn(("us-east-1",)), True),
        (RegionIn(("us-east-2",)), False),
        (Not(TagPresent("owner")), True),
        (Not(TagIn("owner", ("x",))), True),
        (Not(StateIn(("running",))), False),
        (All(), True),
        (AnyOf(), False),
        (Not(All()), False),
        (All((TagPresent("env"), StateIn(("running",)))), True),
        (All((TagPresent("env"), StateIn(("stopped",)))), False),
        (AnyOf((TagPresent("owner"), StateIn(("running",)))), True),
        (AnyOf((TagPresent("owner"), StateIn(("stopped",)))), False),
    ],
)
def test_one_resource_is_asked(make: Make, predicate: Predicate, answer: bool) -> None:
    assert matches(predicate, make(state="running", tags={"env": "dev", "empty": ""})) is answer


WORDS = st.sampled_from(["", "a", "A", "é", "a b", 'q"u', "$.a", "a%", "0"])
MANY = st.lists(WORDS, max_size=3).map(tuple)
PREDICATES: st.SearchStrategy[Predicate] = st.recursive(
    st.builds(TagPresent, WORDS)
    | st.builds(TagIn, WORDS, MANY)
    | st.builds(StateIn, MANY)
    | st.builds(TypeIn, MANY)
    | st.builds(AccountIn, MANY)
    | st.builds(RegionIn, MANY),
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(All, st.lists(inner, max_size=3).map(tuple))
        | st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple))
    ),
    max_leaves=6,
)
PARTS = WORDS.filter(bool)
RESOURCES = st.lists(
    st.fixed_dictionaries(
        {
            "resource_type": PARTS,
            "account": PARTS,
            "region": PARTS,
            "state": WORDS,
            "tags": st.dictionaries(WORDS, WORDS, max_size=3),
        }
    ),
    max_size=5,
)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(resources=RESOURCES, predicates=st.lists(PREDICATES, min_size=1, max_size=8))
def test_memory_and_sql_answer_alike(
    store: Store, resources: list[dict[str, str]], predicates: list[Predicate]
) -> None:
    found = {}
    for number, parts in enumerate(resources):
        resource = Resource.of(provider_id=f"i-{number}", **parts)  # type: ignore[arg-type]
        found[resource.resource_id] = resource
    with store.write() as tx:
        tx.resources.save(found.values())
        for predicate in predicates:
            in_sql = {resource.resource_id for resource in tx.resources.matching(predicate)}
            in_memory = {resource_id for resource_id, resource in found.items() if matches(predicate, resource)}
            assert in_sql & set(found) == in_memory, predicate


@given(PREDICATES)
def test_the_parts_of_a_predicate_say_the_same(predicate: Predicate) -> None:
    resource = Resource.of(resource_type="a", account="a", region="é", provider_id="i", state="A", tags={"a": "A"})
    assert matches(All(conjuncts(predicate)), resource) is matches(predicate, resource)
    assert (first_failure(predicate, resource) is None) is matches(predicate, resource)
    assert (explain_mismatch(predicate, resource) is None) is matches(predicate, resource)


@pytest.mark.parametrize(
    ("predicate", "said"),
    [
        (TagIn("env", ("prod", "test")), "wants tag env = prod or test, but it is dev"),
        (TagIn("owner", ("me",)), "wants tag owner = me, but it has no such tag"),
        (TagPresent("owner"), "wants tag owner, but it has no such tag"),
        (StateIn(("running",)), "wants state running, but it is stopped"),
        (TypeIn(("volume",)), "wants type volume"),
        (AccountIn(("11",)), "wants account 11"),
        (RegionIn(("eu-west-1",)), "wants region eu-west-1"),
        (Not(TagPresent("env")), "wants not (tag env)"),
        (All((TagPresent("env"), All((StateIn(("running",)),)))), "wants state running, but it is stopped"),
        (AnyOf((TagPresent("a"), TagPresent("b"))), "wants tag a or tag b"),
        (Not(All((TagPresent("env"), StateIn(("stopped",))))), "wants not (tag env and state stopped)"),
        (Not(All()), "wants not (anything)"),
        (AnyOf(), "wants nothing"),
    ],
)
def test_what_does_not_hold_is_said_in_words(make: Make, predicate: Predicate, said: str) -> None:
    assert explain_mismatch(predicate, make(state="stopped", tags={"env": "dev"})) == said


def test_a_reason_stays_short(make: Make) -> None:
    said = explain_mismatch(TagIn("env", tuple(f"value{n}" for n in range(100))), make())
    assert said is not None
    assert len(said) <= 200
