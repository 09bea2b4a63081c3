import signal
import time

import pytest
from tests.concurrency.conftest import MakePlace
from tests.concurrency.place import pause, request

pytestmark = [pytest.mark.concurrency, pytest.mark.slow]


def test_a_job_that_kills_its_process_comes_to_an_end_and_takes_nobody_with_it_who_only_waited(
    any_url: str, places: MakePlace
) -> None:
    # One slot: what runs in another slot at the moment of each death cannot be told from what caused it.
    place = places(any_url, lease_seconds=1, slots=1)
    now = place.now()
    (killer,) = place.schedule(request("crash.killer", now))
    place.schedule(
        *[request("crash.retry", now, seconds=0.01) for _ in range(60)],
        *[request("crash.group_retry", now, f"instance:10:us-east-1:i-{number}:") for number in range(30)],
    )
    worker = place.worker()
    deaths = 0
    deadline = time.monotonic() + 60
    while place.pending() and time.monotonic() < deadline:
        if not worker.is_running:
            assert worker.exit_code() == -signal.SIGKILL
            deaths += 1
            worker = place.worker()
        pause(0.05)
    found = place.judge()
    assert found.events[killer].status == "failed"
    assert [run.status for run in found.runs[killer]] == ["lost", "lost", "lost"]
    assert deaths == len(found.starts[killer]) == 3
    assert {event.status for event_id, event in found.events.items() if event_id != killer} == {"succeeded"}
