"""The kit that users test their bots with: its clock, its order, its plugins, and what it says when it must stop."""

import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from duetime.core.errors import Invalid, InvalidDocument, PluginFailed, UnknownName
from duetime.core.outcomes import Snoozed
from duetime.core.registration import registering_with
from duetime.core.statuses import EventStatus
from duetime.jobs.base import ScheduledEventJob
from duetime.jobs.registration import ScheduledEventManager
from duetime.schedule import Periodic
from duetime.scheduling.tracker import ScheduledEventTracker
from duetime.testing import Lab

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

BOT = {
    "name": "nightly-stop",
    "scope": {"resource_types": ["instance"]},
    "filters": [{"uid": "duetime.filter.tag", "settings": {"key": "env", "values": ["dev"]}}],
    "actions": [
        {"uid": "duetime.action.schedule_event", "settings": {"event_type": "divvy.stop_resource", "at": "19:00"}}
    ],
}


def job(lab: Lab, deed: Callable[[Any], Any], event_type: str = "test.job", **attributes: Any) -> None:
    """Register a job with a lab that is open already."""
    job_class = type("Job", (ScheduledEventJob,), {"run": deed, **attributes})
    with registering_with(lab.app.registries):
        ScheduledEventManager.register(event_type)(job_class)
    lab.reconcile_plugins()


# Time.


def test_what_falls_due_on_the_way_runs_in_the_order_of_its_due_times() -> None:
    notes: list[tuple[str, datetime]] = []
    with Lab(now=NOON) as lab:
        job(lab, lambda job: notes.append((job.scheduled_event_type, datetime.now(UTC))), "test.a")
        job(lab, lambda job: notes.append((job.scheduled_event_type, datetime.now(UTC))), "test.b")
        for event_type, hours in (("test.a", 3), ("test.b", 1), ("test.a", 2), ("test.b", 2.5)):
            lab.client.schedule(event_type, NOON + hours * HOUR)
        lab.client.schedule("test.b", Periodic(hours=2))
        lab.advance(hours=4)
        assert lab.now == NOON + 4 * HOUR
    assert notes == [
        ("test.b", NOON + 1 * HOUR),
        ("test.a", NOON + 2 * HOUR),
        ("test.b", NOON + 2 * HOUR),
        ("test.b", NOON + 2.5 * HOUR),
        ("test.a", NOON + 3 * HOUR),
        ("test.b", NOON + 4 * HOUR),
    ]


def test_what_one_run_schedules_runs_in_its_turn() -> None:
    notes: list[datetime] = []

    def deed(_job: Any) -> None:
        notes.append(datetime.now(UTC))
        if len(notes) < 4:
            with ScheduledEventTracker() as tracker:
                tracker.schedule_bot_event(event_type="test.job", schedule_data=datetime.now(UTC) + HOUR)

    with Lab(now=NOON) as lab:
        job(lab, deed)
        lab.client.schedule("test.job", NOON + HOUR)
        lab.run_until(NOON + 24 * HOUR)
    assert notes == [NOON + number * HOUR for number in (1, 2, 3, 4)]


@pytest.mark.parametrize("now", [NOON, NOON.replace(tzinfo=None), NOON.astimezone(UTC)], ids=["utc", "naive", "aware"])
def test_a_naive_time_is_utc(now: datetime) -> None:
    with Lab(now=now) as lab:
        assert lab.now == NOON
        lab.run_until(datetime(2026, 1, 31, 13))
        assert lab.now == NOON + HOUR


def test_without_a_time_it_is_now() -> None:
    with Lab() as lab:
        assert abs(lab.now - datetime.now(UTC)) < timedelta(minutes=1)


def test_time_does_not_go_back() -> None:
    with Lab(now=NOON) as lab, pytest.raises(Invalid, match="cannot run until"):
        lab.run_until(NOON - HOUR)
    with Lab(now=NOON) as lab, pytest.raises(Invalid):
        lab.advance(hours=-1)


def test_code_that_reads_the_clock_itself_sees_the_labs_time() -> None:
    seen: list[Any] = []

    def deed(job: ScheduledEventJob) -> None:
        seen.append(
            (
                datetime.now(UTC),
                datetime.utcnow(),  # noqa: DTZ003, TID251 - what existing plugins call
                datetime.fromtimestamp(time.time(), UTC),
                time.gmtime()[:5],
                job.context.clock.now(),
                job.utcnow(),
            )
        )

    real = time.time()
    with Lab(now=NOON) as lab:
        job(lab, deed)
        lab.client.schedule("test.job", NOON + HOUR)
        lab.advance(hours=2)
        assert time.time() == (NOON + 2 * HOUR).timestamp()
    at = NOON + HOUR
    assert seen == [(at, at.replace(tzinfo=None), at, (2026, 1, 31, 13, 0), at, at.replace(tzinfo=None))]
    assert abs(time.time() - real) < 60


def test_runs_say_when_they_happened_in_the_labs_time() -> None:
    with Lab(now=NOON) as lab:
        job(lab, lambda _job: None)
        event = lab.client.schedule("test.job", NOON + HOUR)
        lab.advance(days=1)
        (run,) = lab.runs(event_id=event.event_id)
        assert (run.due_at, run.started_at, run.finished_at) == (NOON + HOUR,) * 3


def test_a_job_may_wait_longer_than_a_lease() -> None:
    def deed(job: ScheduledEventJob) -> None:
        job.context.clock.wait(threading.Event(), seconds=600)

    with Lab(now=NOON) as lab:
        job(lab, deed)
        events = [lab.client.schedule("test.job", NOON + number * HOUR) for number in (1, 2, 3)]
        lab.advance(hours=4)
        assert {lab.client.get(event.event_id).status for event in events} == {EventStatus.SUCCEEDED}


# Without end.


@pytest.mark.parametrize("way", ["schedules itself", "snoozes until now"])
def test_what_never_ends_is_said_and_not_waited_for(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("duetime.testing.lab._MOST_STEPS", 50)

    def deed(_job: Any) -> Any:
        if way == "snoozes until now":
            return Snoozed(datetime.now(UTC))
        with ScheduledEventTracker() as tracker:
            tracker.schedule_bot_event(event_type="test.job", schedule_data=datetime.now(UTC))
        return None

    with Lab(now=NOON) as lab:
        job(lab, deed)
        lab.client.schedule("test.job", NOON + HOUR)
        with pytest.raises(Invalid, match=r"keep falling due at 2026-01-31 13:00:00\+00:00 without end; does a job"):
            lab.advance(hours=2)


# One after the other, and one inside another.


def test_two_labs_one_after_the_other_share_nothing() -> None:
    for _ in range(2):
        with Lab(now=NOON) as lab:
            job(lab, lambda _job: None)
            lab.cloud.add(tags={"env": "dev"})
            assert lab.harvest() == 1
            lab.apply(BOT)
            lab.run_bot("nightly-stop")
            assert [event.event_id for event in lab.events(event_type="divvy.stop_resource")] == [2]


def test_a_lab_inside_another_has_its_own_time_and_events() -> None:
    with Lab(now=NOON) as outer:
        job(outer, lambda _job: None)
        outer.client.schedule("test.job", NOON + HOUR)
        with Lab(now=NOON + 1000 * HOUR) as inner:
            job(inner, lambda _job: None)
            inner.client.schedule("test.job", inner.now + HOUR)
            inner.advance(hours=2)
            assert datetime.now(UTC) == NOON + 1002 * HOUR
            assert len(inner.runs()) == 1
        assert datetime.now(UTC) == NOON
        assert not outer.runs()
        outer.advance(hours=2)
        assert datetime.now(UTC) == NOON + 2 * HOUR
        assert len(outer.runs()) == 1
        with ScheduledEventTracker() as tracker:
            tracker.schedule_bot_event(event_type="test.job", schedule_data=outer.now + HOUR)
        assert len(outer.events()) == 2


# Plugins.


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """Return a plugin folder with a job that says which edition it is."""
    write(tmp_path / "greeter", "one")
    return tmp_path / "greeter"


def write(folder: Path, edition: str) -> None:
    folder.mkdir(mode=0o755, exist_ok=True)
    text = f"""\
        from duetime.jobs import ScheduledEventJob, ScheduledEventManager, Succeeded

        @ScheduledEventManager.register("greeter.greet")
        class Greet(ScheduledEventJob):
            def run(self):
                return Succeeded("{edition}")
    """
    (folder / "events.py").write_text(dedent(text), encoding="utf-8")
    (folder / "events.py").chmod(0o644)


@pytest.mark.parametrize("as_text", [True, False])
def test_plugins_come_from_their_folders_and_leave_nothing(plugin: Path, as_text: bool) -> None:
    before = set(sys.modules)
    with Lab(plugins=[str(plugin) if as_text else plugin], now=NOON) as lab:
        event = lab.client.schedule("greeter.greet", NOON)
        lab.settle()
        assert [run.result for run in lab.runs(event_id=event.event_id)] == ["one"]
    assert not {name for name in set(sys.modules) - before if "greeter" in name}


def test_two_labs_may_load_the_same_plugin(plugin: Path) -> None:
    with Lab(plugins=[plugin], now=NOON) as outer, Lab(plugins=[plugin], now=NOON) as inner:
        for lab in (inner, outer):
            lab.client.schedule("greeter.greet", NOON)
            lab.settle()
            assert [run.result for run in lab.runs()] == ["one"]


def test_after_an_unload_events_wait_and_after_a_load_they_catch_up(plugin: Path) -> None:
    with Lab(plugins=[plugin], now=NOON) as lab:
        once = lab.client.schedule("greeter.greet", NOON + HOUR)
        hourly = lab.client.schedule("greeter.greet", Periodic(hours=1))
        lab.unload_plugin("greeter")
        assert lab.waiting_for_handler() == ["greeter.greet"]
        lab.advance(hours=5)
        assert not lab.runs()
        write(plugin, "two")
        lab.load_plugin("greeter")
        assert lab.waiting_for_handler() == []
        lab.settle()
        assert [run.result for run in lab.runs(event_id=once.event_id)] == ["two"]
        missed, latest = lab.runs(event_id=hourly.event_id)
        assert (missed.status, missed.due_at, missed.covers_count) == ("skipped", NOON + HOUR, 4)
        assert (latest.status, latest.due_at, latest.result) == ("succeeded", NOON + 5 * HOUR, "two")


def test_a_plugin_that_fails_leaves_nothing_behind(plugin: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir(mode=0o755)
    (broken / "events.py").write_text("x = 1\nraise RuntimeError('half-way')\n", encoding="utf-8")
    before = set(sys.modules)
    real = time.time()
    with pytest.raises(PluginFailed, match=r"broken failed at .*events\.py:2: RuntimeError: half-way"):
        Lab(plugins=[plugin, broken], now=NOON).__enter__()
    assert not {name for name in set(sys.modules) - before if "greeter" in name or "broken" in name}
    assert abs(time.time() - real) < 60


def test_a_plugin_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidDocument, match="there is no such folder"):
        Lab(plugins=[tmp_path / "nowhere"]).__enter__()


# Bots.


def test_running_a_bot_returns_what_it_found_and_what_not() -> None:
    with Lab(now=NOON) as lab:
        dev = lab.cloud.add(name="dev-1", tags={"env": "dev"})
        prod = lab.cloud.add(name="prod-1", tags={"env": "prod"})
        lab.cloud.add(resource_type="volume", name="disk-1", tags={"env": "dev"})
        assert lab.harvest() == 3
        (bot,) = lab.apply(BOT)
        found = lab.run_bot(bot.name)
        matches, non_matches = found
        assert [resource.name for resource in matches] == ["dev-1"]
        assert [resource.name for resource in non_matches] == ["prod-1"]
        assert found.matches is matches
        (event,) = lab.events(event_type="divvy.stop_resource")
        assert (event.resource_id, event.due_at) == (dev.resource_id, NOON.replace(hour=19))
        lab.advance(hours=12)
        assert [one.state for one in map(lab.cloud.get, (dev, prod)) if one is not None] == ["stopped", "running"]
        assert lab.events(status="succeeded", resource_id=dev.resource_id)[0].event_id == event.event_id
        assert [run.status for run in lab.runs(resource_id=dev.resource_id, status="succeeded")] == ["succeeded"]


def test_a_bot_that_is_not_there_is_said() -> None:
    with Lab(now=NOON) as lab, pytest.raises(UnknownName, match="nightly"):
        lab.run_bot("nightly")


def test_a_bot_that_names_what_is_not_loaded_is_refused() -> None:
    with Lab(now=NOON) as lab, pytest.raises(InvalidDocument):
        lab.apply({**BOT, "filters": [{"uid": "duetime.filter.nobody"}]})


def test_faults_of_the_cloud_are_scripted() -> None:
    with Lab(now=NOON) as lab:
        resources = [lab.cloud.add(tags={"env": "dev"}) for _ in range(3)]
        lab.harvest()
        lab.apply(BOT)
        lab.run_bot("nightly-stop")
        lab.cloud.faults.refuse(resources[1])
        lab.advance(hours=12)
        assert sorted(run.status for run in lab.runs(event_type="divvy.stop_resource")) == [
            "failed",
            "succeeded",
            "succeeded",
        ]
        assert [len(call.provider_ids) for call in lab.cloud.calls("stop")] == [3, 1, 1, 1]
