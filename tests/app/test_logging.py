"""Log lines: silent until somebody listens, one line each, for people or for programs, and without secrets."""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from duetime.app.logging import configure_logging
from duetime.core.clock import SystemClock
from duetime.core.run_context import RunContext, current_run
from duetime.engine.log import get_logger
from duetime.testing import Lab

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
