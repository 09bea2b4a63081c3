from datetime import UTC, datetime, timedelta

import pytest

from duetime.bots.conflicts import Act, conflicts_among
from duetime.core.event_types import EventType

SEVEN = datetime(2026, 3, 2, 19, tzinfo=UTC)
STOP, START, TAG = "divvy.stop_resource", "divvy.start_resource", "divvy.tag_resource"
KINDS = {
    STOP: EventType(STOP, "builtin", inverse=START),
    START: EventType(START, "builtin", inverse=STOP),
    TAG: EventType(TAG, "builtin"),
}
MINUTE = timedelta(minutes=1)


def act(event_type: str, *, at: timedelta = timedelta(0), event_id: int | None = 1, resource: str = "r") -> Act:
    return Act(resource, event_type, SEVEN + at, event_id, bot="nightly")


def test_opposites_at_one_time_go_by_event_id() -> None:
    (conflict,) = conflicts_among([act(START, event_id=5), act(STOP, event_id=3)], KINDS)
    assert (conflict.first.event_type, conflict.last.event_type) == (STOP, START)
    assert conflict.in_words() == (
        "Opposite wishes for r at one time: "
        "first divvy.stop_resource at 2026-03-02 19:00:00Z (event 3 of bot nightly), "
        "then divvy.start_resource at 2026-03-02 19:00:00Z (event 5 of bot nightly). They are started in the order of "
        "due time, then event id, so the resource ends up as divvy.start_resource leaves it."
    )


def test_the_due_time_goes_before_the_id_and_what_is_not_scheduled_yet_comes_last() -> None:
    (conflict,) = conflicts_among([act(STOP, at=MINUTE, event_id=1), act(START, event_id=2)], KINDS)
    assert (conflict.first.event_id, conflict.last.event_id) == (2, 1)
    assert "1 min apart" in conflict.in_words()
    (conflict,) = conflicts_among([act(STOP, event_id=None), act(START, event_id=2)], KINDS)
    assert conflict.last.event_id is None
    assert "an event that is not scheduled yet of bot nightly" in conflict.in_words()


@pytest.mark.parametrize(
    "acts",
    [
        [act(STOP, event_id=1), act(STOP, event_id=2)],
        [act(STOP), act(TAG, event_id=2)],
        [act(STOP), act(START, event_id=2, resource="another")],
        [act(STOP), act(START, event_id=2, at=11 * MINUTE)],
        [act("unknown"), act(START, event_id=2)],
        [],
    ],
)
def test_what_is_no_conflict(acts: list[Act]) -> None:
    assert conflicts_among(acts, KINDS) == []


def test_one_side_that_names_the_other_is_enough() -> None:
    kinds = {STOP: KINDS[STOP], START: EventType(START, "builtin")}
    assert len(conflicts_among([act(STOP), act(START, event_id=2)], kinds)) == 1
    assert len(conflicts_among([act(START), act(STOP, event_id=2)], kinds)) == 1
