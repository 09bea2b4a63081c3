from datetime import UTC, datetime, timedelta

import pytest

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
    fields_of,
    groups_asked_for,
    is_sayable,
    leaves_of,
)
from duetime.core.resources import Resource

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("predicate", "fields"),
    [
        (TagPresent("env"), {"tags"}),
        (TagIn("env", ("dev",)), {"tags"}),
        (StateIn(("running",)), {"state"}),
        (TagMatches("env", "^d"), {"tags"}),
        (TextIn(TextField.NAME, ()), {"name"}),
        (TextMatches(TextField.SIZE, "^m5"), {"size"}),
        (TextIn(TextField.STATE, ("running",)), {"state"}),
        (OlderThan(MomentField.LAST_USED_AT, timedelta(1)), {"last_used_at"}),
        (Known(MomentField.CREATED_AT), {"created_at"}),
        (Known(FlagField.PUBLIC), {"public"}),
        (FlagIs(FlagField.ATTACHED, value=False), {"attached"}),
        (DataMatches("a"), {"data"}),
        (InGroup(("ours",)), {"groups"}),
        (IdIn(()), set()),
        (TypeIn(("instance",)), set()),
        (AccountIn(("10",)), set()),
        (RegionIn(("us-east-1",)), set()),
        (Not(StateIn(())), {"state"}),
        (All(), set()),
        (AnyOf(), set()),
        (All((StateIn(()), AnyOf((Not(TagPresent("x")), TypeIn(()))))), {"state", "tags"}),
    ],
)
def test_a_predicate_says_which_fields_it_reads(predicate: Predicate, fields: set[str]) -> None:
    """The re-check leaves out filters on what the job itself changes; where a resource lives never changes."""
    assert fields_of(predicate) == fields


def test_equal_predicates_are_equal() -> None:
    assert All((TagIn("a", ("b",)), Not(StateIn(("c",))))) == All((TagIn("a", ("b",)), Not(StateIn(("c",)))))
    assert hash(TagPresent("a")) == hash(TagPresent("a"))


@pytest.mark.parametrize("field", [*TextField, *MomentField, *FlagField])
def test_every_field_is_one_of_a_resource(field: str) -> None:
    assert field in Resource.__dataclass_fields__


def test_an_age_is_a_line_in_time() -> None:
    older = OlderThan(MomentField.CREATED_AT, timedelta(days=1))
    assert older.line(NOW) == NOW - timedelta(days=1)
    assert OlderThan(MomentField.CREATED_AT, timedelta(days=10**6)).line(NOW) is None


def test_the_questions_inside_a_predicate_are_told() -> None:
    one, two, three = TagPresent("a"), InGroup(("x", "y")), InGroup(("z",))
    predicate = All((Not(AnyOf((one, Not(two)))), All(), three))
    assert list(leaves_of(predicate)) == [one, two, three]
    assert groups_asked_for(predicate) == {"x", "y", "z"}
    assert groups_asked_for(one) == frozenset()


@pytest.mark.parametrize("part", [TagMatches("a", "b"), TextMatches(TextField.NAME, "b"), DataMatches("a")])
def test_what_sql_cannot_say_is_known_wherever_it_stands(part: Predicate) -> None:
    assert not is_sayable(part)
    assert not is_sayable(All((TagPresent("a"), Not(AnyOf((part,))))))
    assert is_sayable(All((TagPresent("a"), Not(AnyOf((InGroup(("b",)),))))))
