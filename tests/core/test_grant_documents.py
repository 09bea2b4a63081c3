import pytest
from hypothesis import given
from hypothesis import strategies as st

from duetime.core.access import EVERYTHING, Feature, Grant, Grants, Role
from duetime.core.errors import Invalid
from duetime.core.grant_documents import read_grants, write_grants

ACCOUNTS = st.none() | st.frozensets(st.from_regex(r"[a-z0-9-]{1,12}", fullmatch=True), min_size=1, max_size=4)
GRANT = st.builds(Grant, st.none() | st.sampled_from(Feature), st.sampled_from(Role), ACCOUNTS, payloads=st.booleans())


@given(st.lists(GRANT, max_size=6))
def test_what_is_written_is_read_back(grants: list[Grant]) -> None:
    given_grants = Grants(tuple(grants))
    assert read_grants(write_grants(given_grants)) == given_grants


def test_what_is_left_out_opens_all_accounts_and_no_payloads() -> None:
    assert read_grants([{"feature": "*", "role": "viewer"}]) == Grants((Grant(None, Role.VIEWER),))
    assert write_grants(EVERYTHING) == [{"feature": "*", "role": "admin", "accounts": "*", "payloads": True}]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("events", "must be an object"),
        (None, "must be an object"),
        ({}, "feature must be"),
        ({"feature": "clouds", "role": "viewer"}, "feature must be"),
        ({"feature": None, "role": "viewer"}, "feature must be"),
        ({"feature": ["events"], "role": "viewer"}, "feature must be"),
        ({"feature": "events"}, "role must be one of viewer, editor, admin, not None"),
        ({"feature": "events", "role": "VIEWER"}, "role must be one of"),
        ({"feature": "events", "role": 3}, "role must be one of"),
        ({"feature": "events", "role": "viewer", "account": ["a"]}, "there is no key 'account'"),
        ({"feature": "events", "role": "viewer", "accounts": []}, "at least one account"),
        ({"feature": "events", "role": "viewer", "accounts": None}, "a list of account names"),
        ({"feature": "events", "role": "viewer", "accounts": "dev"}, "a list of account names"),
        ({"feature": "events", "role": "viewer", "accounts": ["dev", 7]}, "a list of account names"),
        ({"feature": "events", "role": "viewer", "accounts": [""]}, "a list of account names"),
        ({"feature": "events", "role": "viewer", "accounts": ["dev", "*"]}, "alone"),
        ({"feature": "events", "role": "viewer", "accounts": ["a\x00"]}, "cannot be printed"),
        ({"feature": "events", "role": "viewer", "accounts": ["a" * 201]}, "up to 5000, of up to 200"),
        ({"feature": "events", "role": "viewer", "payloads": 1}, "payloads must be true or false"),
    ],
)
def test_what_makes_no_sense_is_refused_and_named(document: object, said: str) -> None:
    with pytest.raises(Invalid, match=f"Grant 2: .*{said}"):
        read_grants([{"feature": "events", "role": "viewer"}, document])


def test_there_may_not_be_too_many() -> None:
    with pytest.raises(Invalid, match="up to 100 grants"):
        read_grants([{"feature": "events", "role": "viewer"}] * 101)
