import pytest

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
    fields_of,
)


@pytest.mark.parametrize(
    ("predicate", "fields"),
    [
        (TagPresent("env"), {"tags"}),
        (TagIn("env", ("dev",)), {"tags"}),
        (StateIn(("running",)), {"state"}),
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
