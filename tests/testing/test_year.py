"""A year of a nightly bot: counted here, and its seconds printed, for whoever looks at them."""

import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from time import perf_counter

import pytest

from duetime.testing import Lab

BOT = {
    "name": "nightly",
    "scope": {"resource_types": ["instance"]},
    "filters": [{"uid": "duetime.filter.tag", "settings": {"key": "env", "values": ["dev"]}}],
    "actions": [
        {"uid": "duetime.action.schedule_event", "settings": {"event_type": "divvy.stop_resource", "at": "19:00"}},
        {"uid": "duetime.action.schedule_event", "settings": {"event_type": "divvy.start_resource", "at": "07:00"}},
    ],
    "schedule": "0 18 * * *",
}


@pytest.mark.slow
def test_a_year_of_nights(capsys: pytest.CaptureFixture[str]) -> None:
    days, number = 365, 50
    with Lab(now=datetime(2026, 1, 1, 12, tzinfo=UTC)) as lab:
        for index in range(number):
            lab.cloud.add(name=f"web-{index}", tags={"env": "dev"})
        lab.cloud.add(name="database", tags={"env": "prod"})
        lab.harvest()
        lab.apply(BOT)
        began = perf_counter()
        lab.advance(days=days)
        seconds = perf_counter() - began
        runs = lab.runs()
        calls = Counter(call.operation for call in lab.cloud.calls())
        states = Counter(resource.state for resource in lab.cloud.resources())
    with capsys.disabled():
        sys.stdout.write(f"\na year of {len(runs)} runs took {seconds:.1f} s\n")
    assert Counter((run.event_type, run.due_at.hour, run.status.value) for run in runs) == {
        ("duetime.run_bot", 18, "succeeded"): days,
        ("divvy.stop_resource", 19, "succeeded"): days * number,
        ("divvy.start_resource", 7, "succeeded"): days * number,
    }
    assert max(run.finished_at - run.due_at for run in runs) == timedelta(0)
    # One call for all fifty, each evening and each morning.
    assert (calls["stop"], calls["start"]) == (days, days)
    assert states == {"running": number + 1}
