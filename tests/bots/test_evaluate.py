from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from tests.bots.questions import NOW, in_memory, nested, resources, sayable

from duetime.bots.evaluate import conjuncts, first_failure, matches
from duetime.bots.explain import explain_mismatch, in_words
from duetime.core.errors import Invalid
from duetime.core.predicates import (
    AccountIn,
    All,
    AnyOf,
    DataMatches,
    FlagField,
    FlagIs,
    IdIn,
    InGroup,
    Known,
    MomentField,
    Not,
    OlderThan,
    Predicate,
    RegionIn,
    StateIn,
    TagIn,
    TagMatches,
    TagPresent,
    TextField,
    TextIn,
    TextMatches,
    TypeIn,
)
from duetime.core.resources import Resource

Make = Callable[..., Resource]
HOUR = timedelta(hours=1)
CREATED, USED = MomentField.CREATED_AT, MomentField.LAST_USED_AT
ATTACHED, PUBLIC, PROTECTED = FlagField.ATTACHED, FlagField.PUBLIC, FlagField.PROTECTED


@pytest.fixture
def one(make: Make) -> Resource:
    """A running m5.large, made two hours ago, public, of whose last use and protection nothing is known."""
    resource = make(
        "i-1",
        name="web-1",
        state="running",
        size="m5.large",
        tags={"env": "dev", "empty": ""},
        data={"Monitoring": {"State": "disabled"}, "nothing": None},
        created_at=NOW - 2 * HOUR,
        attached=False,
        public=True,
    )
    return replace(resource, groups=frozenset({"ours"}))


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
        (TagMatches("env", "e"), True),
        (TagMatches("env", "^e"), False),
        (TagMatches("env", "(?i)^DEV$"), True),
        (TagMatches("empty", ""), True),
        (TagMatches("owner", ""), False),
        (Not(TagMatches("owner", "")), True),
        (TextIn(TextField.NAME, ("web-1",)), True),
        (TextIn(TextField.NAME, ("web",)), False),
        (TextIn(TextField.PROVIDER_ID, ("i-1",)), True),
        (TextIn(TextField.SIZE, ()), False),
        (TextMatches(TextField.SIZE, r"^m5\."), True),
        (TextMatches(TextField.SIZE, r"^m6\."), False),
        (TextMatches(TextField.STATE, "^run"), True),
        (StateIn(("stopped", "running")), True),
        (StateIn(("Running",)), False),
        (StateIn(()), False),
        (TypeIn(("instance",)), True),
        (TypeIn(("volume",)), False),
        (AccountIn(("10",)), True),
        (AccountIn(("1",)), False),
        (RegionIn(("us-east-1",)), True),
        (RegionIn(("us-east-2",)), False),
        (IdIn(("instance:10:us-east-1:i-1:",)), True),
        (IdIn(("i-1",)), False),
        (InGroup(("theirs", "ours")), True),
        (InGroup(("theirs",)), False),
        (InGroup(()), False),
        (OlderThan(CREATED, HOUR), True),
        (OlderThan(CREATED, 2 * HOUR), False),
        (OlderThan(CREATED, 2 * HOUR - timedelta(microseconds=1)), True),
        (OlderThan(CREATED, timedelta(days=10**6)), False),
        (OlderThan(USED, timedelta(0)), False),
        (Not(OlderThan(USED, timedelta(0))), True),
        (Known(CREATED), True),
        (Known(USED), False),
        (Known(PUBLIC), True),
        (Known(ATTACHED), True),
        (Known(PROTECTED), False),
        (FlagIs(PUBLIC, value=True), True),
        (FlagIs(PUBLIC, value=False), False),
        (FlagIs(ATTACHED, value=False), True),
        (FlagIs(PROTECTED, value=True), False),
        (FlagIs(PROTECTED, value=False), False),
        (Not(FlagIs(PROTECTED, value=False)), True),
        (DataMatches("Monitoring.State == 'disabled'"), True),
        (DataMatches("Monitoring.State == 'enabled'"), False),
        (DataMatches("nothing"), False),
        (Not(DataMatches("length(nothing)")), True),
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
def test_one_resource_is_asked(one: Resource, predicate: Predicate, answer: bool) -> None:
    assert matches(predicate, one, now=NOW) is answer


def test_ages_are_counted_from_the_instant_that_is_given(one: Resource) -> None:
    older = OlderThan(CREATED, timedelta(days=1))
    assert not matches(older, one, now=NOW)
    assert matches(older, one, now=NOW + timedelta(days=1))
    assert not matches(OlderThan(CREATED, HOUR), one, now=datetime(1, 1, 1, tzinfo=UTC))


def test_what_does_not_compile_is_an_error_and_no_answer(one: Resource) -> None:
    for predicate in (TagMatches("env", "("), TextMatches(TextField.NAME, "a(?=b)"), DataMatches("a[")):
        with pytest.raises(Invalid, match="is refused"):
            matches(predicate, one, now=NOW)


@given(nested(sayable | in_memory), resources())
def test_the_parts_of_a_predicate_say_the_same(predicate: Predicate, resource: Resource) -> None:
    answer = matches(predicate, resource, now=NOW)
    assert matches(All(conjuncts(predicate)), resource, now=NOW) is answer
    assert (first_failure(predicate, resource, now=NOW) is None) is answer
    assert (explain_mismatch(predicate, resource, now=NOW) is None) is answer
    assert matches(Not(predicate), resource, now=NOW) is not answer
    assert in_words(predicate)


@pytest.mark.parametrize(
    ("predicate", "said"),
    [
        (TagIn("env", ("prod", "test")), "wants tag env = prod or test, but it is dev"),
        (TagIn("owner", ("me",)), "wants tag owner = me, but it has no such tag"),
        (TagPresent("owner"), "wants tag owner, but it has no such tag"),
        (TagMatches("env", "^p"), "wants tag env like /^p/, but it is dev"),
        (TagMatches("empty", "."), "wants tag empty like /./, but it is empty"),
        (TagMatches("owner", "^p"), "wants tag owner like /^p/, but it has no such tag"),
        (StateIn(("stopped",)), "wants state stopped, but it is running"),
        (TextIn(TextField.NAME, ("db", "cache")), "wants name db or cache, but it is web-1"),
        (TextMatches(TextField.SIZE, "^t"), "wants size like /^t/, but it is m5.large"),
        (TextIn(TextField.PROVIDER_ID, ()), "wants provider id nothing, but it is i-1"),
        (TypeIn(("volume",)), "wants type volume, but it is instance"),
        (AccountIn(("11",)), "wants account 11, but it is 10"),
        (RegionIn(("eu-west-1",)), "wants region eu-west-1, but it is us-east-1"),
        (IdIn(("x",)), "wants resource x"),
        (InGroup(("theirs",)), "wants group theirs, but it is in ours"),
        (Not(InGroup(("ours",))), "wants not (group ours), but it is in ours"),
        (OlderThan(CREATED, timedelta(days=3)), "wants created more than 3 d ago, but it was 2 h ago"),
        (OlderThan(USED, timedelta(days=30)), "wants last used more than 30 d ago, but nobody knows when"),
        (Not(OlderThan(CREATED, HOUR)), "wants not (created more than 1 h ago), but it was 2 h ago"),
        (FlagIs(PUBLIC, value=False), "wants not public, but it is public"),
        (FlagIs(ATTACHED, value=True), "wants attached, but it is not attached"),
        (FlagIs(PROTECTED, value=True), "wants protected, but nobody knows"),
        (Known(PROTECTED), "wants known whether protected, but nobody knows"),
        (Known(USED), "wants known when last used, but nobody knows when"),
        (DataMatches("a.b"), "wants data like a.b"),
        (Not(TagPresent("env")), "wants not (tag env), but it is dev"),
        (Not(TagPresent("empty")), "wants not (tag empty), but it is empty"),
        (All((TagPresent("env"), All((StateIn(("stopped",)),)))), "wants state stopped, but it is running"),
        (AnyOf((TagPresent("a"), TagPresent("b"))), "wants tag a or tag b"),
        (
            AnyOf((TagPresent("a"), All((TagPresent("env"), TagPresent("b"))))),
            "wants tag a or (tag env and tag b)",
        ),
        (Not(All((TagPresent("env"), StateIn(("running",))))), "wants not (tag env and state running)"),
        (Not(All()), "wants not (anything)"),
        (AnyOf(), "wants nothing"),
    ],
)
def test_what_does_not_hold_is_said_in_words(one: Resource, predicate: Predicate, said: str) -> None:
    assert explain_mismatch(predicate, one, now=NOW) == said


def test_a_resource_in_no_group_is_said_to_be_in_none(make: Make) -> None:
    assert explain_mismatch(InGroup(("ours",)), make(), now=NOW) == "wants group ours, but it is in none"


def test_a_reason_stays_short_and_fit_for_every_database(make: Make) -> None:
    said = explain_mismatch(TagIn("env", tuple(f"value{n}" for n in range(100))), make(), now=NOW)
    assert said is not None
    assert len(said) <= 200
    odd = explain_mismatch(TagIn("env", ("a",)), make(tags={"env": "b\x00\ud800"}), now=NOW)
    assert odd == "wants tag env = a, but it is b\ufffd?"
