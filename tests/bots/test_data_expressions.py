import threading
import time
import tracemalloc
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duetime.bots.data_expressions import (
    DEEPEST,
    LONGEST,
    InvalidExpression,
    RunawayExpression,
    check_expression,
    holds,
)

DATA = {
    "Monitoring": {"State": "disabled"},
    "BlockDevices": [{"Ebs": {"VolumeId": "v-1", "Size": 8}}, {"Ebs": {"VolumeId": "v-2", "Size": 100}}],
    "Tags": [],
    "Name": "",
    "Zero": 0,
    "Off": False,
    "None": None,
    "text": "x" * 200,
    "many": list(range(300)),
}


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("Monitoring", True),
        ("Monitoring.State == 'disabled'", True),
        ("Monitoring.State == 'enabled'", False),
        ("BlockDevices[?Ebs.Size > `50`]", True),
        ("BlockDevices[?Ebs.Size > `500`]", False),
        ("length(BlockDevices) == `2`", True),
        ("BlockDevices[].Ebs.VolumeId | contains(@, 'v-2')", True),
        ("sum(BlockDevices[].Ebs.Size) > `100`", True),
        ("BlockDevices[1:]", True),
        ("sort_by(BlockDevices, &Ebs.Size)[0].Ebs.VolumeId == 'v-1'", True),
        ("BlockDevices[0] == BlockDevices[1]", False),
        ("BlockDevices[0] != BlockDevices[1]", True),
        ("join('-', BlockDevices[].Ebs.VolumeId) == 'v-1-v-2'", True),
        ("Zero", True),
        ("Tags", False),
        ("Name", False),
        ("Off", False),
        ("None", False),
        ("missing.deeper[0]", False),
        ("!missing", True),
        ("`null`", False),
        ("'é'", True),
        # what a function cannot take is unknown, and so not true
        ("length(None)", False),
        ("length(Zero) > `1`", False),
        ("Name > `1`", False),
        ("avg(Tags)", False),
    ],
)
def test_an_expression_is_asked_of_the_data(expression: str, answer: bool) -> None:
    assert holds(expression, DATA) is answer


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("", "expression"),
        ("a[", "Incomplete expression"),
        ("a b", "Unexpected token"),
        ("foo(@)", "there is no function foo()"),
        ("lenght(@)", "there is no function lenght(); did you mean length"),
        ("length()", "length() takes 1 arguments, not 0"),
        ("contains(a, b, c)", "contains() takes 2 arguments, not 3"),
        ("not_null()", "not_null() takes at least 1 arguments, not 0"),
        ("a[::0]", "the step of a slice cannot be 0"),
        ("State == `running`", "`running` is no JSON; write 'a text' in single quotes"),
        ("`[1,`", "is no JSON"),
        ("'open", "expression"),
        ("[" * 300 + "a" + "]" * 300, f"nested more than {DEEPEST} levels deep"),
        ("|".join("a" * 300), f"nested more than {DEEPEST} levels deep"),
        ("!" * 1500 + "a", f"nested more than {DEEPEST} levels deep"),
        ("a" * (LONGEST + 1), "has 2001 characters, more than 2000"),
    ],
)
def test_what_does_not_compile_is_refused_with_its_reason(expression: str, said: str) -> None:
    with pytest.raises(InvalidExpression) as caught:
        check_expression(expression)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(InvalidExpression):
        holds(expression, DATA)


@pytest.mark.parametrize(
    "expression",
    [
        "|".join(["[@,@,@]"] * 25),  # nothing is copied, but what looks at it would look for ever
        "|".join(["[@,@,@][]"] * 25),  # every step makes a list three times as long
        "|".join(["{a: @, b: @, c: @}"] * 25),
        "join(text, [text, text])" + "|join(@, [@, @, @, @])" * 20,  # texts that multiply
        "to_string([many, many, many, many])" + "|to_string([@, @, @, @])" * 20,
        "map(&[@,@,@,@], map(&[@,@,@,@], map(&[@,@,@,@], [many,many,many][]))) | map(&[@,@,@,@,@,@,@,@], @)",
    ],
)
def test_an_expression_that_runs_away_is_stopped(expression: str) -> None:
    began = time.monotonic()
    with pytest.raises(RunawayExpression, match="for one resource it took more than"):
        holds(expression, DATA)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("expression", ["n[?a == b]", "n[?a != b]", "n[].contains(a, `-1`)", "map(&length(a), n)"])
def test_looking_at_much_is_paid_for_too(expression: str) -> None:
    """Nothing is made here, and each step is one comparison of a thousand members, or one search through them."""

    def members(number: int) -> dict[str, Any]:
        return {"n": [{"a": list(range(1000)), "b": list(range(1000))} for _ in range(number)]}

    holds(expression, members(5))
    with pytest.raises(RunawayExpression):
        holds(expression, members(250))


def test_a_text_is_paid_for_before_it_is_made() -> None:
    data = {"separator": "x" * 100_000, "many": [""] * 2000}
    tracemalloc.start()
    try:
        with pytest.raises(RunawayExpression):
            holds("join(separator, many)", data)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_data_that_is_nested_deeper_than_the_stack_is_no_crash() -> None:
    left: list[Any] = []
    right: list[Any] = []
    for _ in range(30_000):
        left, right = [left], [right]
    with pytest.raises(RunawayExpression):
        holds("a == b", {"a": left, "b": right})


def test_what_clouds_say_is_far_from_the_limit() -> None:
    big = {"Rules": [{"Ports": [{"From": n, "Cidrs": [f"10.0.{n}.0/24"] * 10} for n in range(20)]} for _ in range(50)]}
    assert holds("Rules[].Ports[?From > `10`][].Cidrs[] | contains(@, '10.0.19.0/24')", big)
    assert holds("length(Rules[*].Ports[].Cidrs[]) == `10000`", big)


@given(st.text(st.sampled_from("ab.[]*?|&@!`'\"(){}:,0 =<>\\-"), max_size=30))
def test_every_text_is_either_asked_or_refused(expression: str) -> None:
    with suppress(InvalidExpression):
        assert holds(expression, {"a": [1, {"b": "a"}], "b": None}) in {True, False}


def test_threads_do_not_share_a_budget() -> None:
    answers: list[bool] = []
    some = [threading.Thread(target=lambda: answers.append(holds("many[?@ > `1`]", DATA))) for _ in range(8)]
    for one in some:
        one.start()
    for one in some:
        one.join()
    assert answers == [True] * 8
