import pytest
from hypothesis import given
from hypothesis import strategies as st

from duetime.builtin.recipients import Recipients
from duetime.core.errors import InvalidSetting
from duetime.core.resources import Resource

KNOWN = frozenset({"ann", "ops", "web-team"})


def of(tags: dict[str, str], *to: str, badges: dict[str, str] | None = None, **settings: object) -> tuple[object, str]:
    resource = Resource.of(resource_type="instance", account="10", region="us-east-1", provider_id="i-1", tags=tags)
    recipients = Recipients.read({"to": to, **settings}, destinations=KNOWN)
    found = recipients.of(resource, badges=badges or {})
    return found.names, "; ".join(found.problems)


def test_tags_badges_and_names_are_found_sorted_and_once() -> None:
    names, problems = of({"owner": "web-team"}, "tag:owner", "ops", "badge:contact", "ann", badges={"contact": " ann "})
    assert (names, problems) == (("ann", "ops", "web-team"), "")


def test_an_address_is_mapped() -> None:
    assert of({"owner": "a@example.org"}, "tag:owner", recipients={"a@example.org": "ann"}) == (("ann",), "")


@pytest.mark.parametrize(
    ("tags", "to", "problem"),
    [
        ({}, "tag:owner", "it has no tag owner"),
        ({"owner": " "}, "tag:owner", "it has no tag owner"),
        ({"owner": "b@example.org"}, "tag:owner", "tag owner says 'b@example.org', which is no destination"),
        ({"owner": "bob"}, "tag:owner", "tag owner says 'bob', which is no destination"),
        ({"owner": "\N{SNOWMAN}" * 256}, "tag:owner", "which is no destination"),
        ({}, "badge:contact", "account 10 has no badge contact"),
        ({}, "nobody", "there is no destination nobody"),
    ],
)
def test_whoever_cannot_be_found_is_told_of_and_replaced(tags: dict[str, str], to: str, problem: str) -> None:
    names, problems = of(tags, to, fallback=("ops",))
    assert names == ("ops",)
    assert problem in problems
    assert of(tags, to) == ((), problems)


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"to": ["tag:"]}, "to"),
        ({"to": ["a b"]}, "to"),
        ({"fallback": ["tag:x"]}, "fallback"),
        ({"recipients": {"a": 5}}, "recipients"),
    ],
)
def test_what_is_no_name_is_refused(settings: dict[str, object], name: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        Recipients.read(settings)
    assert caught.value.name == name


@given(st.text(max_size=256))
def test_no_tag_value_names_anything_but_a_destination(value: str) -> None:
    names, problems = of({"owner": value}, "tag:owner")
    assert set(names) <= KNOWN  # type: ignore[call-overload]
    assert bool(names) != bool(problems)
