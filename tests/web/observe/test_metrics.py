"""A scrape: valid, complete, true to what happened, and for those alone who may see all accounts."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi import FastAPI, Request
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient
from tests.web.conftest import ADMIN, NOBODY, As, visitor, warm
from tests.web.observe.conftest import Working

from duetime.app.app import App
from duetime.core.access import Feature
from duetime.core.budgets import BudgetKey, Limit
from duetime.core.errors import DatabaseUnavailable
from duetime.core.resources import Account
from duetime.store import live_counts
from duetime.store.plugin_table import PluginState
from duetime.store.store import Store
from duetime.testing.clock import ManualClock
from duetime.web.server import create_web
from duetime.web.visitor import Visitor
from duetime.web.web_settings import WebSettings

Labels = frozenset[tuple[str, str]]
UNIT_SUFFIXES = ("_seconds", "_total", "_info")


class Scrape:
    """The samples of one scrape."""

    def __init__(self, text: str) -> None:
        self.families = {family.name: family for family in text_string_to_metric_families(text)}
        self.samples: dict[tuple[str, Labels], float] = {}
        for family in self.families.values():
            for sample in family.samples:
                key = sample.name, frozenset(sample.labels.items())
                assert key not in self.samples, f"{key} is there twice"
                self.samples[key] = sample.value

    def get(self, name: str, **labels: str) -> float | None:
        """Return the sum of the samples of a name that have these labels; None for none."""
        found = [
            value for (each, said), value in self.samples.items() if each == name and frozenset(labels.items()) <= said
        ]
        return sum(found) if found else None


@pytest.fixture
def scrape(as_: As, clock: ManualClock) -> Callable[[], Scrape]:
    def take() -> Scrape:
        clock.elapsed += 11  # past what the server keeps
        answer = as_(ADMIN).get("/metrics")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain; version=")
        return Scrape(answer.text)

    return take


def test_names_follow_the_conventions_and_every_metric_says_what_it_is(scrape: Callable[[], Scrape]) -> None:
    families = scrape().families
    assert len(families) > 25
    for name, family in families.items():
        assert name.startswith("duetime_")
        assert family.documentation.endswith("."), name
        assert family.type in {"gauge", "counter", "histogram"}, name
        assert not name.endswith(("_ms", "_milliseconds", "_minutes")), name
        if family.type == "histogram":
            assert name.endswith("_seconds")
        if family.type == "counter":
            assert all(sample.name.endswith(("_total", "_created")) for sample in family.samples)


def test_what_runs_is_counted(working: Working, scrape: Callable[[], Scrape], app: App, clock: ManualClock) -> None:
    for event_type in ("test.job", "test.job", "test.failure"):
        app.client.schedule(event_type, clock.now())
    app.client.schedule("test.job", clock.now() + timedelta(hours=1))
    before = scrape()
    assert before.get("duetime_due_events", event_type="test.job") == 2
    assert before.get("duetime_events", event_type="test.job", status="scheduled") == 3
    working.pass_time(2)
    working.step()
    after = scrape()
    assert after.get("duetime_runs_total", event_type="test.job", status="succeeded") == 2
    assert after.get("duetime_runs_total", event_type="test.failure", status="failed") == 1
    assert after.get("duetime_claimed_events_total") == 3
    assert after.get("duetime_due_events", event_type="test.job") == 0
    assert after.get("duetime_due_age_seconds", event_type="test.job") == 0
    assert after.get("duetime_events", event_type="test.job", status="scheduled") == 1
    # All three started two seconds late.
    assert after.get("duetime_start_delay_seconds_bucket", le="1.0") == 0
    assert after.get("duetime_start_delay_seconds_bucket", le="2.5") == 3
    assert after.get("duetime_start_delay_seconds_sum") == pytest.approx(6)
    assert after.get("duetime_start_delay_seconds_count") == 3
    assert after.get("duetime_claim_duration_seconds_count") == 1
    assert after.get("duetime_finish_duration_seconds_count") == 1
    assert after.get("duetime_run_duration_seconds_count") == 3


def test_workers_and_their_slots(working: Working, scrape: Callable[[], Scrape]) -> None:
    seen = scrape()
    assert seen.get("duetime_workers", state="beating") == 1
    assert seen.get("duetime_worker_slots") == 8
    assert seen.get("duetime_worker_busy_slots") is None or seen.get("duetime_worker_busy_slots") == 0
    working.pass_time(31, beat=False)
    silent = scrape()
    assert silent.get("duetime_workers", state="beating") == 0
    assert silent.get("duetime_workers", state="silent") == 1
    assert silent.get("duetime_worker_beat_age_seconds") == 31


def test_the_last_counts_of_a_worker_that_has_gone_are_shown_for_a_while(
    working: Working, scrape: Callable[[], Scrape], app: App, clock: ManualClock
) -> None:
    app.client.schedule("test.job", clock.now())
    working.worker.dispatcher.round()
    working.worker.outbox.flush()
    working.worker.drain()  # between two beats: its goodbye carries what it has counted
    assert scrape().get("duetime_runs_total", event_type="test.job") == 1
    working.pass_time(599, beat=False)
    assert scrape().get("duetime_runs_total", event_type="test.job") == 1
    working.pass_time(2, beat=False)
    assert scrape().get("duetime_runs_total", event_type="test.job") is None


def test_two_sessions_of_one_name_are_one_series(scrape: Callable[[], Scrape], sqlite_store: Store) -> None:
    with sqlite_store.write() as tx:
        first = tx.sessions.open(worker="pod:1", lease_seconds=30, slots=4)
        tx.sessions.stop(first)
        tx.sessions.open(worker="pod:1", lease_seconds=30, slots=5)
    assert scrape().get("duetime_worker_slots", worker="pod:1") == 5


def test_what_a_worker_of_another_version_sends_breaks_no_scrape(
    scrape: Callable[[], Scrape], sqlite_store: Store
) -> None:
    strange = json.dumps({"start_delay": [1, 2, 3], "runs": [["a.type", "succeeded", 4]], "news": {}})
    with sqlite_store.write() as tx:
        session = tx.sessions.open(worker="pod:1", lease_seconds=30, slots=4)
        tx.sessions.beat(session, event_types=[], measures=strange)
    seen = scrape()
    assert seen.get("duetime_runs_total", worker="pod:1") == 4
    assert seen.get("duetime_start_delay_seconds_count", worker="pod:1") == 0


def test_types_that_wait_for_a_handler(working: Working, scrape: Callable[[], Scrape], app: App) -> None:
    app.client.schedule("nobody.knows", app.store.now(), allow_unknown=True)
    seen = scrape()
    assert seen.get("duetime_waiting_events", event_type="nobody.knows") == 1
    assert seen.get("duetime_waiting_events", event_type="test.job") is None
    working.pass_time(600)
    assert scrape().get("duetime_oldest_due_age_seconds") == 0  # nobody could run it
    assert scrape().get("duetime_due_age_seconds", event_type="nobody.knows") == 600


def test_paused_and_held_events_are_counted(working: Working, scrape: Callable[[], Scrape], app: App) -> None:
    event = app.client.schedule("test.job", app.store.now() + timedelta(hours=1))
    app.client.pause(event.event_id)
    assert working.worker.session.session_id
    assert scrape().get("duetime_events", status="paused") == 1


def test_counts_go_only_so_far(
    scrape: Callable[[], Scrape], app: App, monkeypatch: pytest.MonkeyPatch, working: Working
) -> None:
    monkeypatch.setattr(live_counts, "MOST_COUNTED", 3)
    for _ in range(5):
        app.client.schedule("test.job", app.store.now())
    assert scrape().get("duetime_events", status="scheduled") == 3
    assert working.worker.session.session_id


def test_accounts_plugins_and_budgets(scrape: Callable[[], Scrape], app: App, clock: ManualClock) -> None:
    with app.store.write() as tx:
        session = tx.sessions.open(worker="host:1", lease_seconds=3600, slots=4)
        for account in ("A", "B", "C"):
            tx.accounts.save(Account(account, "fake"))
        tx.accounts.record_harvest("A")
        tx.accounts.record_harvest("B", error="no route")
        tx.plugins.wish("messages", wish="loaded")
        tx.plugins.report(PluginState(session, "messages", 1, "failed", "it is broken"))
        key, limit = BudgetKey("A", "r-1", "ec2 writes"), Limit(rate=4, burst=20)
        tx.budgets.lease(key, limit=limit, wanted=2, made=7)
        tx.budgets.throttled(key, limit=limit)
    clock.move_to(clock.now() + timedelta(seconds=90))
    seen = scrape()
    assert seen.get("duetime_harvest_age_seconds", account="A") == 90
    assert seen.get("duetime_harvest_age_seconds", account="B") is None
    assert seen.get("duetime_harvest_failures", account="B") == 1
    assert seen.get("duetime_account_valid", account="C") == 1
    assert seen.get("duetime_plugin_workers", plugin="messages", state="failed") == 1
    assert seen.get("duetime_api_calls_total", account="A", region="r-1", family="ec2 writes") == 7
    assert seen.get("duetime_api_throttles_total", account="A") == 1
    assert seen.get("duetime_api_allowed_calls_per_second", account="A") == pytest.approx(2.8)


def test_a_database_that_is_away_is_an_answer_and_no_error(
    scrape: Callable[[], Scrape], app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise DatabaseUnavailable("nobody answers", remedy="Start it.")

    monkeypatch.setattr(app.store, "read", away)
    seen = scrape()
    assert seen.get("duetime_database_up") == 0
    assert seen.get("duetime_unready", reason="database") == 1
    assert seen.get("duetime_events") is None


def test_the_database_is_read_once_for_many_scrapes(as_: As, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    read, times = app.store.read, [0]

    def counted() -> object:
        times[0] += 1
        return read()

    monkeypatch.setattr(app.store, "read", counted)
    for _ in range(5):
        assert as_(ADMIN).get("/metrics").status_code == 200
    assert times[0] == 2  # once for readiness, once for all the rest


@pytest.mark.parametrize(
    ("who", "status"),
    [
        (None, 401),
        (NOBODY, 403),
        (visitor(feature=Feature.EVENTS), 403),
        (visitor("A", feature=Feature.SYSTEM), 403),  # the metrics name every account
        (visitor(feature=Feature.SYSTEM), 200),
    ],
)
def test_who_may_scrape(as_: As, who: Visitor | None, status: int) -> None:
    assert as_(who).get("/metrics").status_code == status


@pytest.mark.parametrize(
    ("is_open", "client", "headers", "status"),
    [
        (True, "127.0.0.1", {}, 200),
        (True, "::1", {}, 200),
        (True, "10.1.2.3", {}, 401),
        (True, "127.0.0.1", {"X-Forwarded-For": "10.1.2.3"}, 401),
        (True, "127.0.0.1", {"Forwarded": "for=10.1.2.3"}, 401),
        (True, "testclient", {}, 401),
        (False, "127.0.0.1", {}, 401),
    ],
)
def test_open_metrics_are_open_to_this_machine_alone(
    app: App, is_open: bool, client: str, headers: dict[str, str], status: int
) -> None:
    with TestClient(_server(app, is_open=is_open), client=(client, 50000)) as asking:
        assert asking.get("/metrics", headers=headers).status_code == status


def _server(app: App, *, is_open: bool) -> FastAPI:
    async def require_no_token(_request: Request, _visitor: Visitor) -> None:
        """Nobody is let in at all."""

    return warm(
        create_web(
            app,
            settings=WebSettings(metrics_open=is_open),
            authenticate=lambda _request: None,
            require_token=require_no_token,
        )
    )
