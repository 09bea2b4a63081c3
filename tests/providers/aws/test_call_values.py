from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duetime.core.errors import InvalidArguments
from duetime.providers.aws.call_values import argument_values, check_arguments, tag_values
from duetime.providers.aws.entry import Action, Argument

ACTION = Action(
    calls=(),
    takes={
        "size": Argument(kinds=(int,)),
        "policy": Argument(kinds=(dict, str), required=True, null=True),
        "none": Argument(kinds=(), null=True),
    },
)
NOTHING = Action(calls=())


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({}, "policy has to be said: an object or a text or null"),
        ({"policy": 1}, "policy must be an object or a text or null, not 1"),
        ({"policy": None, "size": "3"}, "size must be a whole number, not '3'"),
        ({"policy": None, "size": True}, "size must be a whole number, not True"),
        ({"policy": None, "size": None}, "size must be a whole number, not None"),
        ({"policy": None, "none": "x"}, "none must be null, not 'x'"),
        ({"policy": None, "sice": 3}, "it does not take 'sice'; it takes: size, policy, none"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(arguments: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidArguments) as refused:
        check_arguments(ACTION, arguments, what="scale on volume")
    assert str(refused.value) == f"Arguments for scale on volume are refused: {problem}."


def test_an_action_without_arguments_says_so() -> None:
    with pytest.raises(InvalidArguments, match="it takes: none"):
        check_arguments(NOTHING, {"size": 3}, what="stop on volume")


@pytest.mark.parametrize("arguments", [{"policy": None}, {"policy": "{}", "size": 0, "none": None}])
def test_arguments_that_fit_pass(arguments: dict[str, Any]) -> None:
    check_arguments(ACTION, arguments, what="scale on volume")


_tags = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.sampled_from(["1", "2"]))


def _pairs(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _plain(pairs: Any) -> dict[str, str]:
    return {pair["Key"]: pair["Value"] for pair in pairs}


@given(tags=_tags, given_tags=_tags, keys=st.sets(st.sampled_from(["a", "b", "x"])))
def test_what_is_kept_of_tags_puts_them_back(tags: dict[str, str], given_tags: dict[str, str], keys: set[str]) -> None:
    asked = {"tags": given_tags, "keys": sorted(keys - set(given_tags))}
    changed = tag_values(asked, tags)
    after = _plain(changed["merged"])
    assert after == {key: value for key, value in tags.items() if key not in asked["keys"]} | given_tags
    assert _plain(tag_values(changed["former"], after)["merged"]) == tags  # type: ignore[arg-type]


def test_the_tags_of_aws_itself_are_not_written() -> None:
    assert tag_values({"tags": {"a": "1"}}, {"aws:stack": "x"})["merged"] == _pairs({"a": "1"})


def test_a_fresh_name_is_fresh_and_fits_databases() -> None:
    names = {argument_values({}, provider_id="arn:aws:x/table_1", tags={})["unique"] for _ in range(20)}
    assert len(names) == 20
    assert all(name.startswith("table_1-") and name.isascii() for name in names)
