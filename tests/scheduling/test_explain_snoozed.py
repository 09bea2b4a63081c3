"""An event whose first attempt asked to be called again later says why, before and after it is due again."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from duetime.scheduling.explain import explain
from duetime.scheduling.situation import situation_of
from duetime.testing.lab import Lab


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(now=datetime(2026, 3, 2, 19, tzinfo=UTC)) as lab:
        yield lab


def explanation(lab: Lab, event_id: int) -> str:
    with lab.app.store.read() as tx:
        return "\n".join(explain(situation_of(tx, event_id)))


def test_a_snoozed_first_attempt_says_why(lab: Lab) -> None:
    one = lab.cloud.add(state="pending")
    lab.harvest()
    event = lab.client.schedule("divvy.stop_resource", lab.now, resource_id=one.resource_id)
    lab.settle()
    why = "snoozed: it is pending; stop waits until that has passed"
    put_off, attempt, *_ = explanation(lab, event.event_id).splitlines()
    assert put_off.startswith("It was due at 2026-03-02 19:00:00Z and was put off until 2026-03-02 19:00:15Z")
    assert put_off.endswith(f": {why}.")
    assert attempt.startswith("Attempt 1 for 2026-03-02 19:00:00Z ended as 'snoozed'")
    lab.clock.move_to(lab.now + timedelta(seconds=20))
    assert why in explanation(lab, event.event_id)
