"""Log lines: silent until somebody listens, one line each, for people or for programs, and without secrets."""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider

from duetime.app.announcing import announce
from duetime.app.app import App
from duetime.app.logging import configure_logging, said_of_each_line
from duetime.app.tracing import OpenTelemetryTracer
from duetime.core import tracing
from duetime.core.clock import SystemClock
from duetime.core.run_context import RunContext, current_run
from duetime.engine.executors import InlineExecutor
from duetime.engine.log import get_logger
from duetime.engine.worker import WorkerSettings
from duetime.jobs.base import ScheduledEventJob
from duetime.jobs.registration import ScheduledEventManager
from duetime.store.store import Store
from duetime.testing import Lab
from duetime.testing.clock import ManualClock

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LIBRARY = """
from duetime.engine.log import get_logger
log = get_logger("duetime.test")
log.info("nothing.special", answer=42)
log.warning("something.odd", event_id=7)
"""


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_library_is_silent_but_for_warnings_and_never_uses_standard_output() -> None:
    done = subprocess.run([sys.executable, "-c", LIBRARY], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert done.stderr == "something.odd event_id=7\n"


def test_a_lab_is_silent_although_a_job_fails(capfd: pytest.CaptureFixture[str]) -> None:
    with Lab(now=NOW) as lab:
        lab.client.schedule("divvy.stop_resource", NOW, resource_id="instance:1:r:i-1:")
        lab.advance(hours=1)
        assert lab.runs(status="failed")
    assert capfd.readouterr() == ("", "")


def test_programs_get_one_json_object_a_line() -> None:
    stream = io.StringIO()
    configure_logging(form="json", stream=stream)
    get_logger("duetime.test").info("session.opened", session_id=7)
    logging.getLogger("somebody.else").warning("plain %s", "words")
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (first["event"], first["session_id"], first["level"], first["logger"]) == (
        "session.opened",
        7,
        "info",
        "duetime.test",
    )
    assert datetime.fromisoformat(first["timestamp"]).utcoffset() is not None
    assert second["event"] == "plain words"


def test_people_get_a_line_without_colours_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    configure_logging(stream=stream)
    get_logger("duetime.test").info("runs.ended", event_ids=list(range(100)))
    assert "runs.ended" in stream.getvalue()
    assert "and 88 more" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_the_level_is_kept_and_libraries_do_not_chatter() -> None:
    stream = io.StringIO()
    configure_logging(level="warning", stream=stream)
    get_logger("duetime.test").info("quiet")
    configure_logging(level="info", stream=stream)
    logging.getLogger("botocore.credentials").info("Found credentials")
    logging.getLogger("httpx").info("HTTP Request: GET https://example.org/?token=swordfish")
    assert stream.getvalue() == ""


def test_configuring_twice_writes_once() -> None:
    stream = io.StringIO()
    configure_logging(stream=stream)
    configure_logging(stream=stream)
    get_logger("duetime.test").info("once")
    assert stream.getvalue().count("once") == 1


def test_lines_of_a_running_job_name_its_events(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    configure_logging(form="json", stream=stream)
    context = RunContext(
        clock=SystemClock(),
        inventory=None,  # type: ignore[arg-type]  # nobody asks it here
        cloud=None,  # type: ignore[arg-type]  # nor this
        occurrences=((17, NOW), (18, NOW)),
    )
    monkeypatch.setattr("duetime.app.logging.current_run", lambda: context)
    logging.getLogger("a_plugin").warning("half done")
    assert json.loads(stream.getvalue())["event_ids"] == [17, 18]
    assert current_run() is None


class _Speaks(ScheduledEventJob):
    def run(self) -> None:
        logging.getLogger("a_plugin").warning("half done")


def test_every_line_of_a_run_says_which_it_is(sqlite_store: Store, clock: ManualClock) -> None:
    stream = io.StringIO()
    app = App(sqlite_store, clock=clock, providers={}, installed_plugins=False)
    with app.current():
        ScheduledEventManager.register("test.speaks")(_Speaks)
    provider = TracerProvider(shutdown_on_exit=False)
    tracing.plug_in(OpenTelemetryTracer(provider))
    try:
        worker = app.worker(settings=WorkerSettings(), executor=InlineExecutor(), announce=announce)
        worker.plugins.round()
        worker.heartbeat.round()
        event = app.client.schedule("test.speaks", clock.now())
        configure_logging(form="json", stream=stream)
        worker.dispatcher.round()
        worker.outbox.flush()
    finally:
        tracing.plug_in(None)
        provider.shutdown()
    with sqlite_store.read() as tx:
        (run,) = tx.runs.of_event(event.event_id)
    said, ended = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (said["event"], ended["event"]) == ("half done", "runs.ended")
    for line in (said, ended):
        assert line["event_ids"] == [event.event_id]
        assert line["run_ids"] == [run.run_id]
        assert line["session_id"] == worker.session.session_id == 1
    assert [said["trace_id"]] == ended["trace_ids"]
    assert len(said["trace_id"]) == 32


def test_what_is_said_of_each_line_holds_inside_its_block_alone() -> None:
    stream = io.StringIO()
    configure_logging(form="json", stream=stream)
    log = get_logger("duetime.test")
    with said_of_each_line(request_id="a"), said_of_each_line(step=2):
        log.info("inside", step=3)
    log.info("outside")
    inside, outside = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (inside["request_id"], inside["step"]) == ("a", 3)  # what the line itself says goes first
    assert "request_id" not in outside


def test_nobody_uses_structlog_past_its_one_door() -> None:
    """Left to itself it prints to standard output, with the local variables of tracebacks, and passes no filter."""
    source = Path(__file__).parents[2] / "src" / "duetime"
    users = {
        str(path.relative_to(source))
        for path in source.rglob("*.py")
        if "import structlog" in path.read_text(encoding="utf-8")
    }
    assert users == {"app/logging.py", "engine/log.py"}


def test_secrets_are_blacked_out_in_exceptions_too() -> None:
    stream = io.StringIO()
    configure_logging(form="json", stream=stream)
    try:
        message = "postgresql://me:hunter2@host/name refused"
        raise RuntimeError(message)
    except RuntimeError:
        get_logger("duetime.test").exception("service.failed", password="hunter2")
    assert "RuntimeError" in stream.getvalue()
    assert "hunter2" not in stream.getvalue()
