from collections import Counter
from datetime import timedelta

import pytest
from tests.concurrency.conftest import MakePlace
from tests.concurrency.place import request

pytestmark = [pytest.mark.concurrency, pytest.mark.slow]

EVENTS = 20_000


def test_two_workers_race_for_twenty_thousand_due_events(any_url: str, places: MakePlace) -> None:
    place = places(any_url, lease_seconds=10, poll_seconds=0.01)
    together = place.now() + timedelta(seconds=4)
    place.schedule(*[request("crash.retry", together) for _ in range(EVENTS)])
    workers = [place.worker(), place.worker()]
    for worker in workers:
        place.await_session(worker)
    place.wait(seconds=120)
    found = place.judge()
    assert len(found.all_runs) == EVENTS
    assert {run.status for run in found.all_runs} == {"succeeded"}
    assert all(len(starts) == 1 for starts in found.starts.values())
    shares = Counter(found.pid_of[run.session_id] for run in found.all_runs)
    assert shares.keys() == {worker.pid for worker in workers}, shares
    assert min(shares.values()) > EVENTS // 20, shares
