"""One trace from the call that schedules an event to the call of its cloud, on both databases."""

import json
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from sqlalchemy import select

from duetime.app.app import App
from duetime.app.publishing import publish
from duetime.app.settings import Settings
from duetime.app.tracing import OpenTelemetryTracer, read_trace_parent, traced
from duetime.cli.opening import open_app
from duetime.core import tracing
from duetime.core.errors import InvalidSetting
from duetime.core.tracing import NO_SPAN, SpanKind, begin, span, trace_id, trace_parent
from duetime.engine.executors import InlineExecutor
from duetime.engine.worker import Worker, WorkerSettings
from duetime.providers.fake import FakeCloud
from duetime.schedule.periodic import Periodic
from duetime.scheduling.tracker import ScheduledEventTracker
from duetime.store.store import Store
from duetime.store.tables import events
from duetime.testing import Lab
from duetime.testing.clock import ManualClock

SECRET = "swordfish"
SAID = {"message": SECRET}


class Spans:
    """What was traced."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()

    def all(self) -> list[ReadableSpan]:
        return list(self.exporter.get_finished_spans())

    def named(self, name: str) -> list[ReadableSpan]:
        return [each for each in self.all() if each.name == name]

    def one(self, name: str) -> ReadableSpan:
        (found,) = self.named(name)
        return found

    def names_of(self, trace: int) -> set[str]:
        return {each.name for each in self.all() if each.context.trace_id == trace}


@pytest.fixture
def spans() -> Iterator[Spans]:
    found = Spans()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(found.exporter))
    tracing.plug_in(OpenTelemetryTracer(provider))
    yield found
    tracing.plug_in(None)
    provider.shutdown()


class Scene:
    """An app with a fake cloud and a worker that is stepped."""

    def __init__(self, store: Store, clock: ManualClock) -> None:
        self.cloud = FakeCloud()
        self.store = store
        self.app = App(store, clock=clock, providers={"fake": self.cloud}, installed_plugins=False)
        publish(self.app, plugins=False)
        self.worker: Worker = self.app.worker(settings=WorkerSettings(), executor=InlineExecutor())
        self.worker.plugins.round()
        self.worker.heartbeat.round()

    def instance(self, name: str, *, account: str = "10") -> str:
        resource = self.cloud.add(
            resource_type="instance", name=name, account=account, region="eu-west-1", state="running"
        )
        with self.store.write() as tx:
            tx.accounts.save(self.cloud.accounts()[account])
            tx.resources.save([resource])
        self.app.clouds.refresh()
        return resource.resource_id

    def step(self) -> None:
        self.worker.dispatcher.round()
        self.worker.outbox.flush()

    def parents(self) -> list[str | None]:
        with self.store.engine.connect() as connection:
            return list(connection.scalars(select(events.c.trace_parent).order_by(events.c.event_id)))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def scene(request: pytest.FixtureRequest, clock: ManualClock) -> Iterator[Scene]:
    made = Scene(request.getfixturevalue(f"{request.param}_store"), clock)
    with closing(made.app.clouds):
        yield made


def test_scheduling_and_everything_that_comes_of_it_are_one_trace(scene: Scene, spans: Spans) -> None:
    instance = scene.instance("web-1")
    event = scene.app.client.schedule("divvy.stop_resource", scene.store.now(), resource_id=instance)
    scene.step()
    asking = spans.one("duetime.schedule")
    trace = asking.context.trace_id
    assert spans.names_of(trace) == {
        "duetime.schedule",
        "duetime.claim",
        "duetime.guard",
        "duetime.run",
        "duetime.cloud.read",
        "duetime.cloud.act",
        "duetime.finish",
    }
    run, act = spans.one("duetime.run"), spans.one("duetime.cloud.act")
    assert [each.parent.span_id for each in (run, act) if each.parent] == [
        asking.context.span_id,
        run.context.span_id,
    ]
    assert run.attributes is not None
    facts = dict(run.attributes)
    assert facts["duetime.event.ids"] == (event.event_id,)
    with scene.store.read() as tx:
        (ended,) = tx.runs.of_event(event.event_id)
    assert facts["duetime.run.ids"] == (ended.run_id,)
    assert facts["duetime.event.types"] == ("divvy.stop_resource",)
    assert (facts["cloud.account.id"], facts["cloud.region"]) == ("10", "eu-west-1")
    assert facts["duetime.resource.count"] == 1
    assert facts["duetime.run.outcome"] == "Succeeded"
    assert act.attributes is not None
    assert act.attributes["duetime.cloud.operation"] == "stop"


def test_the_stored_form_is_that_of_the_standard(scene: Scene, spans: Spans) -> None:
    scene.app.client.schedule("duetime.log", scene.store.now(), args=SAID)
    with ScheduledEventTracker(scene.app.client) as tracker:
        for _ in range(2):
            tracker.schedule_bot_event(event_type="duetime.log", schedule_data=scene.store.now(), action_data=SAID)
    first, second, third = scene.parents()
    assert first is not None
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[13]", first)
    assert second == third != first
    assert {each.context.trace_id for each in spans.named("duetime.schedule")} == {
        int(parent.split("-")[1], 16) for parent in (first, second or "")
    }


def test_nothing_is_stored_when_nobody_traces(scene: Scene) -> None:
    scene.app.client.schedule("duetime.log", scene.store.now(), args=SAID)
    with ScheduledEventTracker(scene.app.client) as tracker:
        tracker.schedule_bot_event(event_type="duetime.log", schedule_data=scene.store.now(), action_data=SAID)
    assert scene.parents() == [None, None]
    assert span("a.name") is begin("a.name") is NO_SPAN
    assert trace_parent() is trace_id() is None


def test_nothing_is_stored_of_a_trace_that_is_not_sampled(scene: Scene) -> None:
    tracing.plug_in(OpenTelemetryTracer(TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False)))
    try:
        scene.app.client.schedule("duetime.log", scene.store.now(), args=SAID)
    finally:
        tracing.plug_in(None)
    assert scene.parents() == [None]


def test_a_step_for_several_traces_points_at_each(scene: Scene, spans: Spans) -> None:
    for number in range(3):
        instance = scene.instance(f"web-{number}")
        scene.app.client.schedule("divvy.stop_resource", scene.store.now(), resource_id=instance)
    scene.step()
    asked = {each.context.span_id for each in spans.named("duetime.schedule")}
    assert len(asked) == 3
    for name in ("duetime.claim", "duetime.guard", "duetime.run", "duetime.finish"):
        step = spans.one(name)
        assert step.parent is None
        assert {link.context.span_id for link in step.links} == asked, name


def test_each_time_of_a_recurring_event_is_a_trace_of_its_own(clock: ManualClock, spans: Spans) -> None:
    with Lab(now=clock.now()) as lab:
        lab.client.schedule("duetime.log", Periodic(hours=1), args=SAID)
        lab.advance(hours=2)
    asking = spans.one("duetime.schedule")
    runs = spans.named("duetime.run")
    assert len(runs) == 2
    assert len({each.context.trace_id for each in (asking, *runs)}) == 3
    assert {link.context.span_id for each in runs for link in each.links} == {asking.context.span_id}


def test_what_a_bot_schedules_belongs_to_the_trace_of_its_run(clock: ManualClock, spans: Spans) -> None:
    with Lab(now=clock.now()) as lab:
        lab.cloud.add(resource_type="instance", name="web-1", account="1", region="r", state="running")
        lab.harvest()
        lab.apply(
            {
                "name": "nightly",
                "scope": {"resource_types": ["instance"]},
                "actions": [
                    {
                        "uid": "duetime.action.schedule_event",
                        "settings": {"event_type": "divvy.stop_resource", "now": True},
                    }
                ],
            }
        )
        spans.exporter.clear()
        lab.run_bot("nightly")
        stopped = lab.runs(event_type="divvy.stop_resource")
        assert [run.status.value for run in stopped] == ["succeeded"]
    (bot_run, stop) = sorted(spans.named("duetime.run"), key=lambda each: each.start_time or 0)
    inner = [each for each in spans.named("duetime.schedule") if each.parent is not None]
    assert [each.parent.span_id for each in inner if each.parent] == [bot_run.context.span_id]
    assert stop.parent is not None
    assert stop.parent.span_id == inner[0].context.span_id
    assert stop.context.trace_id == bot_run.context.trace_id


def test_no_argument_result_or_message_is_traced(clock: ManualClock, spans: Spans) -> None:
    with Lab(now=clock.now()) as lab:
        lab.client.schedule("duetime.log", lab.now, args=SAID, description=SECRET)
        lab.client.schedule("divvy.stop_resource", lab.now, resource_id="instance:1:r:i-1:")
        lab.settle()
        assert lab.runs(status="failed")
    told = json.dumps([json.loads(each.to_json()) for each in spans.all()])
    assert "duetime.log" in told
    assert SECRET not in told
    failed = [each for each in spans.named("duetime.run") if not each.status.is_ok and each.attributes]
    assert any(each.attributes and each.attributes.get("error.type") == "Failed" for each in failed)
    assert "exception" not in told


def test_a_block_that_raises_is_a_failed_span_without_its_words(spans: Spans) -> None:
    def fail() -> None:
        with span("a.step", kind=SpanKind.CLIENT) as step:
            step.note({"a.fact": 1})
            raise ValueError(SECRET)

    with pytest.raises(ValueError, match=SECRET):
        fail()
    found = spans.one("a.step")
    assert dict(found.attributes or {}) == {"a.fact": 1, "error.type": "ValueError"}
    assert not found.status.is_ok
    assert SECRET not in found.to_json()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        f"00-{'0' * 32}-{'1' * 16}-01",
        f"00-{'1' * 32}-{'0' * 16}-01",
        f"00-{'g' * 32}-{'1' * 16}-01",
        f"ff-{'1' * 32}-{'1' * 16}-01",
        f"00-{'1' * 31}-{'1' * 16}-01",
    ],
)
def test_what_is_no_trace_parent_is_none(text: str) -> None:
    assert read_trace_parent(text) is None


def test_a_damaged_trace_parent_hurts_nobody(scene: Scene, spans: Spans) -> None:
    scene.app.client.schedule("duetime.log", scene.store.now(), args=SAID)
    with scene.store.engine.connect() as opened:
        connection = opened.execution_options(duetime_writes=True)
        with connection.begin():
            connection.execute(events.update().values(trace_parent="nonsense"))
    scene.step()
    assert spans.one("duetime.run").parent is None


class Collector:
    """Takes spans as a collector does."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, bytes]] = []
        self.url = ""


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    made = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.taken.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        yield made
        server.shutdown()
        thread.join()


def test_spans_are_sent_where_the_standard_variables_say(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    with traced(), span("a.step"):
        pass
    monkeypatch.setenv("OTEL_SERVICE_NAME", "night-shift")
    with traced(), span("another.step"):
        pass
    assert [path for path, _ in collector.taken] == ["/v1/traces", "/v1/traces"]
    assert b"a.step" in collector.taken[0][1]
    assert b"duetime" in collector.taken[0][1]
    assert b"unknown_service" not in collector.taken[0][1]
    assert b"night-shift" in collector.taken[1][1]
    assert span("nobody.listens") is NO_SPAN


@pytest.mark.parametrize("traces", [True, False])
def test_the_setting_decides_whether_a_command_traces(sqlite_url: str, collector: Collector, traces: bool) -> None:
    with open_app(Settings(database_url=sqlite_url, traces=traces)) as app:
        publish(app, plugins=False)
        app.client.schedule("duetime.log", app.store.now(), args=SAID)
    assert [b"duetime.schedule" in body for _, body in collector.taken] == ([True] if traces else [])


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(InvalidSetting, match=r"pip install 'duetime\[traces\]'"), traced():
        pass


def test_delays_between_scheduling_and_running_break_no_trace(scene: Scene, spans: Spans) -> None:
    """The worker may be another process, days later: all that it knows is what the event's row says."""
    scene.app.client.schedule("duetime.log", scene.store.now() - timedelta(days=1), args=SAID)
    tracing.plug_in(None)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans.exporter))
    tracing.plug_in(OpenTelemetryTracer(provider))
    scene.step()
    assert spans.one("duetime.run").context.trace_id == spans.one("duetime.schedule").context.trace_id
