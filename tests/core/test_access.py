"""Grants add up, an API key opens no more than its owner may, and nothing is open by default."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duetime.core.access import EVERYTHING, EVERYWHERE, NOWHERE, Feature, Grant, Grants, Reach, Role

accounts = st.none() | st.frozensets(st.sampled_from(["a", "b", "c"]))
grants = st.builds(
    Grant,
    feature=st.none() | st.sampled_from(Feature),
    role=st.sampled_from(Role),
    accounts=accounts,
    payloads=st.booleans(),
)
many = st.lists(grants, max_size=4).map(lambda found: Grants(tuple(found)))
PLACES = ("a", "b", "c", None)


def opened(granted: Grants) -> set[tuple[Feature, Role, str | None]]:
    """Return everything that is open, one by one."""
    return {
        (feature, role, account)
        for feature, role, account in product(Feature, Role, PLACES)
        if granted.reach(feature, role).covers(account)
    }


def shown(granted: Grants) -> set[tuple[Feature, str | None]]:
    return {
        (feature, account)
        for feature, account in product(Feature, PLACES)
        if granted.payload_reach(feature).covers(account)
    }


def test_nothing_is_open_by_default() -> None:
    assert opened(Grants()) == set()
    assert shown(Grants()) == set()
    assert Grants().reach(Feature.EVENTS, Role.VIEWER) == NOWHERE


def test_an_administrator_of_all_may_everything() -> None:
    assert len(opened(EVERYTHING)) == len(Feature) * len(Role) * len(PLACES)
    assert EVERYTHING.reach(Feature.ACCESS, Role.ADMIN) == EVERYWHERE


@given(many, many)
def test_several_groups_add_up(one: Grants, other: Grants) -> None:
    both = Grants(one.grants + other.grants)
    assert opened(both) == opened(one) | opened(other)
    assert shown(both) == shown(one) | shown(other)


@given(many, many)
def test_a_key_opens_what_it_and_its_owner_both_may(key: Grants, owner: Grants) -> None:
    assert opened(key.within(owner)) == opened(key) & opened(owner)
    assert shown(key.within(owner)) <= shown(key) & shown(owner)


@given(many)
def test_a_key_for_everything_is_its_owner(owner: Grants) -> None:
    assert opened(EVERYTHING.within(owner)) == opened(owner)
    assert shown(EVERYTHING.within(owner)) == shown(owner)


@given(many, st.sampled_from(Feature), st.sampled_from(PLACES))
def test_a_role_holds_those_below_it(granted: Grants, feature: Feature, account: str | None) -> None:
    reached = [granted.reach(feature, role).covers(account) for role in sorted(Role)]
    assert reached == sorted(reached, reverse=True)


def test_what_belongs_to_no_account_is_reached_from_everywhere_alone() -> None:
    assert EVERYWHERE.covers(None)
    assert not Reach(frozenset({"a"})).covers(None)
    assert Reach(frozenset({"a"})).covers("a")
    assert not Reach(frozenset({"a"})).covers("b")


def test_roles_have_words() -> None:
    assert [Role.from_word(role.word) for role in Role] == list(Role)
    with pytest.raises(ValueError, match="viewer, editor, admin"):
        Role.from_word("owner")
