"""`/api/v1/statistics`: counted, not listed."""

from datetime import timedelta

import pytest
from tests.web.api.scene import LOG, STOP, Scene
from tests.web.conftest import As, visitor

from duetime.core.access import Feature
from duetime.core.statuses import RunStatus
from duetime.testing.clock import ManualClock

RUNS = "/api/v1/statistics/runs"


@pytest.fixture(autouse=True)
def history(scene: Scene) -> None:
    scene.run("A")
    scene.run("A", status=RunStatus.FAILED)
    scene.run("B")
    scene.run(None)


@pytest.mark.parametrize(
    ("by", "name", "expected"),
    [
        ("type", "event_type", {STOP: 3, LOG: 1}),
        ("status", "status", {"succeeded": 3, "failed": 1}),
        ("account", "account", {"A": 2, "B": 1, None: 1}),
        ("bot", "bot_id", {None: 4}),
    ],
)
def test_runs_by(as_: As, by: str, name: str, expected: dict[str | None, int]) -> None:
    counts = as_().get(RUNS, params={"by": by}).json()["counts"]
    assert {each[name]: each["runs"] for each in counts} == expected


def test_by_type_and_status_when_nothing_is_said(as_: As) -> None:
    counts = as_().get(RUNS).json()["counts"]
    assert sorted((each["event_type"], each["status"], each["runs"]) for each in counts) == [
        (STOP, "failed", 1),
        (STOP, "succeeded", 2),
        (LOG, "succeeded", 1),
    ]


def test_filters(as_: As) -> None:
    for wanted, runs in (({"type": LOG}, 1), ({"status": "failed"}, 1), ({"account": "A"}, 2), ({"until": "2h"}, 0)):
        counts = as_().get(RUNS, params={"by": "status", **wanted}).json()["counts"]
        assert sum(each["runs"] for each in counts) == runs


def test_by_the_day(as_: As, scene: Scene, clock: ManualClock) -> None:
    clock.move_to(clock.now() + timedelta(days=2))
    scene.run("A")
    body = as_().get(RUNS, params={"bucket": "day", "by": "account", "account": "A"}).json()
    assert [each["runs"] for each in body["counts"]] == [2, 1]
    assert all(each["start"].endswith("T00:00:00Z") for each in body["counts"])


def test_a_viewer_of_one_account_counts_no_other(as_: As) -> None:
    client = as_(visitor("A"))
    assert {each["account"] for each in client.get(RUNS, params={"by": "account"}).json()["counts"]} == {"A"}
    assert client.get(RUNS, params={"account": "B"}).json()["counts"] == []
    assert as_(visitor(feature=Feature.EVENTS)).get(RUNS).status_code == 403


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"since": "40d"}, "31 days"),
        ({"bucket": "day", "since": "400d"}, "366 days"),
        ({"since": "1h", "until": "2h"}, "before until"),
        ({"since": "0001-01-01T00:00:00Z", "until": "0001-01-02T00:00:00Z"}, "hundred years"),
        ({"until": "9999-12-31T00:00:00Z"}, "hundred years"),
        ({"until": "0001-01-01T00:00:00Z"}, "before until"),
        ({"bucket": "minute"}, "bucket"),
        ({"by": "resource"}, "by"),
    ],
)
def test_what_is_too_much(as_: As, wanted: dict[str, str], said: str) -> None:
    answer = as_().get(RUNS, params=wanted)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


def test_too_many_counts_are_refused(as_: As, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("duetime.web.api.statistics.MOST_COUNTS", 2)
    answer = as_().get(RUNS)
    assert (answer.status_code, "more than 2" in answer.json()["detail"]) == (422, True)
