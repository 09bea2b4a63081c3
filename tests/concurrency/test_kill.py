import os
from collections import Counter
from random import Random

import pytest
from tests.concurrency.conftest import MakePlace
from tests.concurrency.place import pause, request

from duetime.schedule.periodic import Periodic

pytestmark = [pytest.mark.concurrency, pytest.mark.slow]

KILLS = int(os.environ.get("CONCURRENCY_KILLS", "32"))


def test_workers_killed_at_any_moment_lose_nothing_and_do_nothing_twice(
    any_url: str, places: MakePlace, random: Random
) -> None:
    place = places(any_url)
    every_second = Periodic(seconds=1).anchored(place.now())
    recurring = place.schedule(*[request("crash.retry", every_second) for _ in range(5)])
    steady = place.worker()
    others = [place.worker() for _ in range(3)]
    for number in range(KILLS):
        place.schedule(*place.mixture(random, 100))
        place.await_session(others[0])
        pause(random.uniform(0.0, 0.25))
        # One of them lives long enough to find out that the others are gone.
        if number % 12 == 11:
            steady.kill()
            steady = place.worker()
        else:
            others.pop(0).kill()
            others.append(place.worker())
    for worker in (steady, *others):
        worker.kill()
    place.await_session(place.worker())
    place.wait(ids=place.acknowledged - set(recurring))
    found = place.judge()
    lost = Counter(found.events[run.event_id].on_lost for run in found.all_runs if run.status == "lost")
    assert {"retry", "fail", "hold"} <= lost.keys(), lost
    assert sum(session.status == "lost" for session in found.sessions.values()) >= KILLS // 2
