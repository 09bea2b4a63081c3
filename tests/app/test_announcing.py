"""One line for a batch of endings, however large."""

import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from duetime.app.announcing import announce
from duetime.core.claims import Claim, Ending, Step
from duetime.core.statuses import EventStatus, OnLost, RunStatus
from duetime.engine.log import FACTS

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def ending(event_id: int, status: RunStatus | None, *, error: str = "") -> Ending:
    claim = Claim(
        event_id=event_id,
        token=1,
        event_type="a.type",
        resource_id=None,
        bot_id=None,
        args_text="{}",
        schedule_text='{"_type":"once"}',
        due_at=NOW,
        ready_at=NOW,
        attempt=2,
        failures=0,
        failed_in_a_row=0,
        expires_at=None,
        on_lost=OnLost.RETRY,
        catch_up=None,
        recheck=False,
        group_key=None,
        user_resource_id=None,
    )
    step = Step(EventStatus.SUCCEEDED, NOW, NOW, 1, 0, 0, "", status, final=True)
    return Ending(claim, step, 1, NOW, NOW, error=error)


@pytest.fixture(autouse=True)
def _everything_is_heard(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")


def facts(record: logging.LogRecord) -> dict[str, Any]:
    return dict(getattr(record, FACTS))


def test_a_batch_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    announce([ending(number, RunStatus.SUCCEEDED) for number in range(500)])
    (line,) = caplog.records
    assert facts(line)["runs"] == facts(line)["succeeded"] == 500
    assert facts(line)["event_ids"] == list(range(500))
    assert line.levelname == "INFO"


def test_failures_make_it_a_warning_and_the_first_of_them_are_named(caplog: pytest.LogCaptureFixture) -> None:
    announce(
        [ending(1, RunStatus.SUCCEEDED), *(ending(number, RunStatus.FAILED, error="no") for number in range(2, 12))]
    )
    (line,) = caplog.records
    assert line.levelname == "WARNING"
    assert facts(line)["failures"] == [f"{number}/2026-03-02T12:00:00.000000Z/2: no" for number in range(2, 7)]


def test_what_wrote_no_history_is_not_announced(caplog: pytest.LogCaptureFixture) -> None:
    announce([ending(1, None)])
    assert not caplog.records
