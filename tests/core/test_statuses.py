from itertools import product

import pytest

from duetime.core.statuses import FINAL, TRANSITIONS, EventStatus, RunStatus, diagram, may_move, sources_of

# The table of the design, written down once more by hand.
ALLOWED = {
    "scheduled": "running paused cancelled expired skipped",
    "running": "scheduled succeeded failed skipped expired held paused cancelled",
    "paused": "scheduled cancelled",
    "held": "scheduled succeeded failed cancelled",
    "succeeded": "",
    "failed": "",
    "cancelled": "",
    "expired": "",
    "skipped": "",
}


@pytest.mark.parametrize(("source", "target"), list(product(EventStatus, EventStatus)))
def test_a_move_is_allowed_exactly_when_the_design_says_so(source: EventStatus, target: EventStatus) -> None:
    assert may_move(source, target) == (target.value in ALLOWED[source.value].split())


def test_every_status_has_its_row() -> None:
    assert set(TRANSITIONS) == set(EventStatus)


def test_final_is_what_cannot_be_left() -> None:
    assert {source for source, targets in TRANSITIONS.items() if not targets} == FINAL
    assert {status for status in EventStatus if status.is_final} == FINAL
    assert {"succeeded", "failed", "cancelled", "expired", "skipped"} == FINAL


@pytest.mark.parametrize("target", EventStatus)
def test_sources_are_the_table_read_backwards(target: EventStatus) -> None:
    assert sources_of(target) == {source for source in EventStatus if target in TRANSITIONS[source]}


def test_every_status_can_be_reached() -> None:
    reached = {EventStatus.SCHEDULED}
    while more := {target for source in reached for target in TRANSITIONS[source]} - reached:
        reached |= more
    assert reached == set(EventStatus)


def test_the_diagram_draws_every_move_once() -> None:
    lines = diagram().splitlines()
    assert lines[:2] == ["stateDiagram-v2", "    [*] --> scheduled"]
    moves = {f"    {source} --> {target}" for source, targets in TRANSITIONS.items() for target in targets}
    ends = {f"    {status} --> [*]" for status in FINAL}
    assert len(lines) == len(set(lines))
    assert set(lines[2:]) == moves | ends


def test_a_run_ends_in_one_of_nine_ways() -> None:
    assert [status.value for status in RunStatus] == [
        "succeeded",
        "failed",
        "timed_out",
        "lost",
        "snoozed",
        "skipped",
        "expired",
        "cancelled",
        "denied",
    ]
