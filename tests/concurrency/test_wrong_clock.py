from datetime import timedelta
from random import Random

import pytest
from tests.concurrency.conftest import MakePlace
from tests.concurrency.place import pause

pytestmark = [pytest.mark.concurrency, pytest.mark.slow, pytest.mark.postgres]

LEASE = 2
HOUR = timedelta(hours=1)


def test_workers_whose_clocks_are_an_hour_off_are_neither_early_nor_lost(
    postgresql_url: str, places: MakePlace, random: Random
) -> None:
    place = places(postgresql_url, lease_seconds=LEASE)
    workers = [place.worker(clock_error=error) for error in (HOUR, -HOUR, timedelta(0))]
    for worker in workers:
        place.await_session(worker)
    place.schedule(*place.mixture(random, 600, spread=2 * LEASE))
    place.wait()
    pause(LEASE)
    found = place.judge()
    starts = [start for each in found.starts.values() for start in each]
    assert len(starts) == len(found.all_runs) == 600
    # One machine, so the database's clock is that of the journal.
    assert all(start.at >= start.due_at.timestamp() for start in starts)
    late = max(start.at - start.due_at.timestamp() for start in starts)
    assert late < 60
    assert {run.status for run in found.all_runs} == {"succeeded"}
    # History speaks the database's time, whatever the worker's clock says.
    begun = {event_id: each[0].at for event_id, each in found.starts.items()}
    assert all(abs(run.started_at.timestamp() - begun[run.event_id]) < 1 for run in found.all_runs)
    assert {session.status for session in found.sessions.values()} == {"stopped"}
    assert {found.pid_of[run.session_id] for run in found.all_runs} == {worker.pid for worker in workers}
