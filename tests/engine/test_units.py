"""Units: groups that agree in everything, and chunks as long as a slot should be busy."""

from datetime import timedelta
from typing import Any

import pytest
from tests.engine.stepped import NOW

from duetime.core.claims import Claim
from duetime.core.event_types import EventType
from duetime.core.statuses import OnLost
from duetime.engine.catalogue import Handler
from duetime.engine.units import Durations, Unit, form_units, units_per_slot

SINGLE, GROUP = "test.single", "test.group"
HANDLERS = {
    SINGLE: Handler(object, EventType(SINGLE, plugin="test")),
    GROUP: Handler(object, EventType(GROUP, plugin="test", max_group=3)),
}


def claim(event_id: int, event_type: str = GROUP, **parts: Any) -> Claim:
    usual: dict[str, Any] = {
        "event_id": event_id,
        "token": 1,
        "event_type": event_type,
        "resource_id": f"instance:10:us-east-1:i-{event_id}:",
        "bot_id": None,
        "args_text": "{}",
        "schedule_text": '{"_type":"once"}',
        "due_at": NOW,
        "ready_at": NOW,
        "attempt": 1,
        "failures": 0,
        "failed_in_a_row": 0,
        "expires_at": None,
        "on_lost": OnLost.RETRY,
        "catch_up": None,
        "recheck": False,
        "group_key": 7,
        "user_resource_id": None,
    }
    return Claim(**(usual | parts))


def formed(*claims: Claim, durations: Durations | None = None) -> list[Unit]:
    return form_units(claims, handlers=HANDLERS, session_id=1, durations=durations or Durations())


def ids(units: list[Unit]) -> list[list[int]]:
    return [[one.event_id for one in unit.claims] for unit in units]


def test_a_group_is_cut_at_its_most() -> None:
    units = formed(*(claim(number) for number in range(7)))
    assert ids(units) == [[0, 1, 2], [3, 4, 5], [6]]
    assert all(unit.is_group for unit in units)


@pytest.mark.parametrize(
    "parts",
    [
        {"resource_id": "instance:20:us-east-1:i-2:"},
        {"resource_id": "instance:10:eu-west-1:i-2:"},
        {"resource_id": "volume:10:us-east-1:i-2:"},
        {"args_text": '{"force":true}'},
        {"group_key": None},
        {"failures": 1},
    ],
    ids=repr,
)
def test_what_differs_is_never_in_one_group_even_under_one_key(parts: dict[str, Any]) -> None:
    assert ids(formed(claim(1), claim(2, **parts))) == [[1], [2]]


def test_two_that_failed_before_are_tried_apart() -> None:
    assert ids(formed(claim(1, failures=1), claim(2, failures=2))) == [[1], [2]]


def test_one_resource_is_never_twice_in_a_group() -> None:
    same = "instance:10:us-east-1:i-1:"
    units = formed(claim(1, resource_id=same), claim(2, resource_id=same), claim(3), claim(4, resource_id=same))
    assert ids(units) == [[1, 3], [2], [4]]


def test_a_chunk_is_as_long_as_fifty_milliseconds() -> None:
    durations = Durations()
    singles = [claim(number, SINGLE) for number in range(30)]
    assert [len(unit.claims) for unit in formed(*singles, durations=durations)] == [1] * 30
    durations.note(SINGLE, 0.005)
    assert [len(unit.claims) for unit in formed(*singles, durations=durations)] == [10, 10, 10]
    assert not any(unit.is_group for unit in formed(*singles))


@pytest.mark.parametrize("on_lost", [OnLost.HOLD, OnLost.FAIL])
def test_events_whose_loss_has_consequences_share_no_chunk(on_lost: OnLost) -> None:
    durations = Durations()
    durations.note(SINGLE, 0.001)
    assert ids(formed(*(claim(number, SINGLE, on_lost=on_lost) for number in range(3)), durations=durations)) == [
        [0],
        [1],
        [2],
    ]
    handlers = {SINGLE: Handler(object, EventType(SINGLE, plugin="test", on_lost=on_lost))}
    claims = [claim(number, SINGLE) for number in range(3)]
    assert ids(form_units(claims, handlers=handlers, session_id=1, durations=durations)) == [[0], [1], [2]]
    assert ids(formed(*(claim(number, on_lost=on_lost) for number in range(3)), durations=durations)) == [[0, 1, 2]]


@pytest.mark.parametrize(
    ("seconds", "chunk"),
    [(0, 500), (1e-9, 500), (0.001, 50), (0.05, 1), (0.2, 1), (timedelta(days=1) / timedelta(seconds=1), 1)],
)
def test_a_chunk_is_never_empty_and_never_endless(seconds: float, chunk: int) -> None:
    durations = Durations()
    durations.note(SINGLE, seconds)
    assert durations.chunk(SINGLE) == chunk


def test_the_mean_follows_what_changes() -> None:
    durations = Durations()
    durations.note(SINGLE, 0.001)
    for _ in range(40):
        durations.note(SINGLE, 1)
    assert durations.chunk(SINGLE) == 1


@pytest.mark.parametrize(
    ("event_type", "seconds", "units"),
    [(GROUP, None, 2), (GROUP, 0.25, 4), (GROUP, 0.001, 10), (GROUP, 60, 2), (SINGLE, 0.001, 2), (SINGLE, None, 2)],
)
def test_as_many_groups_wait_for_a_slot_as_take_a_second(event_type: str, seconds: float | None, units: int) -> None:
    durations = Durations()
    if seconds is not None:
        durations.note(event_type, seconds)
    assert units_per_slot(HANDLERS[event_type], durations) == units
