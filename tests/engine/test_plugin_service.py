"""Plugins as they are wished: loaded, unloaded and reloaded while a worker runs, and what waits meanwhile."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from textwrap import dedent

import pytest
from tests.engine.stepped import NOW, QueuedExecutor, Stepped

from duetime.core.errors import DuplicateRegistration, InvalidDocument, PluginFailed
from duetime.core.statuses import EventStatus
from duetime.schedule import Periodic
from duetime.store.plugin_table import PluginState

MakeStepped = Callable[..., Stepped]

JOB = """\
    from duetime.jobs.base import ScheduledEventJob
    from duetime.jobs.registration import ScheduledEventManager

    @ScheduledEventManager.register({event_type!r})
    class Job(ScheduledEventJob):
        def run(self):
            return self.report({answer!r})

        def report(self, text):
            from duetime.core.outcomes import Succeeded
            return Succeeded(text)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "plugins"
    folder.mkdir(mode=0o755)
    return folder


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).mkdir(mode=0o755, exist_ok=True)
    (folder / name / "events.py").write_text(dedent(text), encoding="utf-8")
    (folder / name / "events.py").chmod(0o644)


def write_job(folder: Path, name: str = "nightly", *, event_type: str = "test.job", answer: str = "one") -> None:
    write(folder, name, JOB.format(event_type=event_type, answer=answer))


def wish(stepped: Stepped, name: str, what: str) -> None:
    with stepped.store.write() as tx:
        tx.plugins.wish(name, wish=what)
    stepped.worker.plugins.round()


def states(stepped: Stepped) -> dict[str, PluginState]:
    with stepped.store.read() as tx:
        return {state.plugin: state for state in tx.plugins.states()}


@pytest.fixture
def stepped(make_stepped: MakeStepped, folder: Path) -> Stepped:
    write_job(folder)
    return make_stepped(plugin_paths=[folder])


def test_what_is_found_is_loaded_published_and_reported(stepped: Stepped) -> None:
    event = stepped.schedule()
    stepped.settle()
    assert stepped.runs(event)[0].result == "one"
    stepped.worker.plugins.round()
    state = states(stepped)["nightly"]
    assert (state.state, state.generation, state.error) == ("loaded", 1, "")
    assert state.details["event_types"] == ["test.job"]


def test_after_an_unload_its_events_wait_and_after_a_load_they_catch_up(stepped: Stepped, folder: Path) -> None:
    once = stepped.schedule(when=NOW + timedelta(hours=1))
    hourly = stepped.schedule(when=Periodic(hours=1))
    wish(stepped, "nightly", "unloaded")
    assert states(stepped)["nightly"].state == "unloaded"
    stepped.pass_time(5.5 * 3600)
    stepped.settle()
    assert not stepped.runs()
    write_job(folder, answer="two")
    wish(stepped, "nightly", "loaded")
    stepped.settle()
    assert [run.result for run in stepped.runs(once)] == ["two"]
    assert [run.status for run in stepped.runs(hourly)] == ["skipped", "succeeded"]
    assert stepped.runs(hourly)[0].reason == "missed (latest applies): no worker with a handler was running"


def test_an_unload_between_claim_and_start_leaves_the_run_its_class(make_stepped: MakeStepped, folder: Path) -> None:
    write_job(folder)
    executor = QueuedExecutor()
    stepped = make_stepped(executor=executor, plugin_paths=[folder])
    claimed = stepped.schedule()
    stepped.step()
    write_job(folder, answer="two")
    wish(stepped, "nightly", "loaded")
    later = stepped.schedule()
    stepped.step()
    wish(stepped, "nightly", "unloaded")
    executor.run()
    stepped.worker.outbox.flush()
    assert [stepped.runs(event)[0].result for event in (claimed, later)] == ["one", "two"]


def test_a_load_that_fails_is_reported_once_and_tried_again_only_when_asked(stepped: Stepped, folder: Path) -> None:
    write(folder, "broken", "raise RuntimeError('half-way')")
    for _ in range(3):
        stepped.worker.plugins.round()
    (error,) = stepped.worker.plugins.take_errors()
    assert isinstance(error, PluginFailed)
    assert states(stepped)["broken"].state == "failed"
    assert "half-way" in states(stepped)["broken"].error
    assert states(stepped)["nightly"].state == "loaded"
    write_job(folder, "broken", event_type="test.mended")
    stepped.worker.plugins.round()
    assert states(stepped)["broken"].state == "failed"
    wish(stepped, "broken", "loaded")
    assert states(stepped)["broken"].state == "loaded"


def test_one_type_of_two_plugins_is_refused_and_the_first_stays(stepped: Stepped, folder: Path) -> None:
    write_job(folder, "other", answer="other")
    stepped.worker.plugins.round()
    (error,) = stepped.worker.plugins.take_errors()
    assert isinstance(error, DuplicateRegistration)
    assert "nightly" in str(error)
    assert "other" in str(error)
    event = stepped.schedule()
    stepped.settle()
    assert stepped.runs(event)[0].result == "one"


def test_a_class_whose_attributes_mean_nothing_fails_its_plugin(stepped: Stepped, folder: Path) -> None:
    text = JOB.format(event_type="test.odd", answer="") + "\n        retry = 5\n"
    write(folder, "odd", text)
    stepped.worker.plugins.round()
    (error,) = stepped.worker.plugins.take_errors()
    assert "Job.retry must be a duetime Retry(...)" in str(error)
    assert "events.py:4" in str(error)


def test_a_folder_that_goes_wrong_keeps_what_was_found_before(
    stepped: Stepped, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder.rename(folder.with_name("elsewhere"))
    for _ in range(3):
        stepped.worker.plugins.round()
    (error,) = stepped.worker.plugins.take_errors()
    assert isinstance(error, InvalidDocument)
    assert len(caplog.records) == 1
    event = stepped.schedule()
    stepped.settle()
    assert stepped.event(event).status is EventStatus.SUCCEEDED
    wish(stepped, "nightly", "unloaded")
    assert states(stepped)["nightly"].state == "unloaded"


def test_a_folder_that_cannot_be_read_at_the_start_leaves_the_built_ins(
    make_stepped: MakeStepped, tmp_path: Path
) -> None:
    stepped = make_stepped(plugin_paths=[tmp_path / "nowhere"])
    assert "divvy.stop_resource" in stepped.client.event_types()


def test_a_plugin_that_is_found_later_is_loaded_then(make_stepped: MakeStepped, stepped: Stepped, folder: Path) -> None:
    (folder / "nightly").rename(folder.with_name("away"))
    late = make_stepped(plugin_paths=[folder])
    late.worker.plugins.round()
    assert {state.state for state in _states_of(late)} == {"failed"}
    folder.with_name("away").rename(folder / "nightly")
    late.worker.plugins.round()
    assert {state.state for state in _states_of(late)} == {"loaded"}


def _states_of(stepped: Stepped) -> list[PluginState]:
    with stepped.store.read() as tx:
        return [state for state in tx.plugins.states() if state.session_id == stepped.worker.session.session_id]


def test_a_new_session_reports_again(stepped: Stepped) -> None:
    stepped.worker.plugins.round()
    with stepped.store.write() as tx:
        (session,) = tx.sessions.alive()
        tx.sessions.declare_lost(session.session_id, beat_seen=session.beat)
    stepped.worker.heartbeat.round()
    stepped.worker.plugins.round()
    assert [state.session_id for state in _states_of(stepped)] == [2]
