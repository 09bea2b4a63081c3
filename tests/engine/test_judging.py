"""Guards: who may still say no, and what happens when they cannot say anything."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from tests.engine.stepped import NOW, Stepped

from duetime.bots.lifecycle import apply_bot
from duetime.builtin.instances import STOP_RESOURCE
from duetime.core.bots import Bot, BotDefinition, FilterUse, Scope
from duetime.core.claims import Claim
from duetime.core.errors import UnknownName
from duetime.core.guards import PROCEED, Defer, FreshRead, Hold, Skip, Verdict
from duetime.core.resources import Resource
from duetime.core.statuses import EventStatus, RunStatus
from duetime.engine.judging import Judge
from duetime.jobs.base import ScheduledEventJob
from duetime.scheduling.tracker import ScheduledEventTracker

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Says:
    """A guard that answers what the test gives it, of the first claim alone."""

    answer: Callable[[], Any]
    name: str = "test guard"
    about: Callable[[Claim], bool] = lambda _claim: False

    def concerns(self, claim: Claim) -> bool:
        return self.about(claim)

    def judge(self, claims: Sequence[Claim], fresh: FreshRead, *, now: datetime) -> Mapping[int, Verdict]:
        del fresh, now
        return {claims[0].event_id: self.answer()}


@pytest.fixture
def called(stepped: Stepped) -> list[str | None]:
    names: list[str | None] = []

    @stepped.job()
    class Job(ScheduledEventJob):
        def run(self) -> None:
            names.append(self.resource_id)

    return names


def guarded(stepped: Stepped, *answers: Callable[[], Any]) -> None:
    """Give the worker these guards."""
    stepped.worker.dispatcher._judge = Judge(cloud=stepped.app.clouds, guards=[Says(answer) for answer in answers])


def test_what_concerns_a_guard_is_judged_although_nobody_can_read_it(
    stepped: Stepped, called: list[str | None]
) -> None:
    """Such as the owner of an event in an account that is not registered, or of one without a resource."""
    guard = Says(lambda: Skip("not wanted"), about=lambda claim: claim.user_resource_id == "divvyuser:7")
    stepped.worker.dispatcher._judge = Judge(cloud=stepped.app.clouds, guards=[guard])
    unread = "instance:unknown:r:i-1:"
    events = []
    for user in ("divvyuser:7", "divvyuser:8", None):
        for resource_id in (unread, None):
            event = stepped.schedule(resource_id=resource_id)
            stepped.tamper(event, user_resource_id=user)
            events.append(event)
            stepped.settle()
    assert [stepped.event(event).status for event in events] == ["skipped"] * 2 + ["succeeded"] * 4
    assert called == [unread, None] * 2


def test_a_type_that_its_cloud_does_not_read_waits_for_no_answer(
    stepped: Stepped, called: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as one that a plugin acts on with calls of its own."""
    known = stepped.add()
    read = stepped.cloud.read

    def only_instances(*, resource_type: str, **asked: Any) -> Mapping[str, Resource]:
        if resource_type != "instance":
            raise UnknownName("resource type", resource_type)
        return read(resource_type=resource_type, **asked)

    monkeypatch.setattr(stepped.cloud, "read", only_instances)
    other = known.resource_id.replace("instance:", "privatenetwork:")
    gone = known.resource_id.replace(known.provider_id, "i-gone")
    events = [stepped.schedule(resource_id=each) for each in (other, gone)]
    stepped.settle()
    assert [stepped.event(event).status for event in events] == ["succeeded", "skipped"]
    assert called == [other]


def always(answer: Verdict) -> Callable[[], Verdict]:
    return lambda: answer


def broken() -> Verdict:
    message = "no idea"
    raise RuntimeError(message)


def test_a_guard_may_let_skip_defer_or_hold(stepped: Stepped, called: list[str | None]) -> None:
    answers: list[Verdict] = [PROCEED, Skip("not wanted"), Defer(NOW + HOUR, "frozen"), Hold("ask Ada")]
    events = []
    for answer in answers:
        guarded(stepped, always(answer))
        events.append(stepped.schedule(resource_id=stepped.add().resource_id))
        stepped.settle()
    after = [stepped.event(event) for event in events]
    assert [event.status for event in after] == ["succeeded", "skipped", "scheduled", "held"]
    assert [event.status_reason for event in after] == ["", "not wanted", "frozen", "ask Ada"]
    assert [event.attempt for event in after[2:]] == [0, 0]
    assert (after[2].due_at, after[2].ready_at) == (NOW, NOW + HOUR)
    assert called == [events[0].resource_id]
    assert [run.status for run in stepped.runs()] == [RunStatus.SUCCEEDED, RunStatus.SKIPPED]
    assert stepped.runs(events[1])[0].started_at is None


@pytest.mark.parametrize(
    "answer",
    [
        broken,
        lambda: None,
        lambda: True,
        lambda: "proceed",
        lambda: Defer(NOW.replace(tzinfo=None), "naive"),
        lambda: Defer(cast("datetime", None), "never"),
    ],
)
def test_a_guard_that_cannot_judge_defers_and_lets_nothing_through(
    stepped: Stepped, called: list[str | None], answer: Callable[[], Any]
) -> None:
    guarded(stepped, answer)
    events = [stepped.schedule(resource_id=stepped.add().resource_id) for _ in range(2)]
    stepped.settle()
    assert not called
    for event in map(stepped.event, events):
        assert (event.status, event.attempt) == (EventStatus.SCHEDULED, 0)
        assert event.status_reason.startswith("guard test guard failed: ")
        assert event.ready_at == NOW + timedelta(seconds=60)
    guarded(stepped, lambda: PROCEED)
    stepped.pass_time(60)
    stepped.settle()
    assert len(called) == 2


def test_a_later_guard_is_not_asked_about_what_an_earlier_one_refused(
    stepped: Stepped, called: list[str | None]
) -> None:
    guarded(stepped, lambda: Skip("first"), lambda: Skip("second"))
    first, second, third = (stepped.schedule(resource_id=stepped.add().resource_id) for _ in range(3))
    stepped.settle()
    assert [stepped.event(event).status_reason for event in (first, second)] == ["first", "second"]
    assert called == [third.resource_id]


def test_a_resource_that_is_gone_is_skipped(stepped: Stepped, called: list[str | None]) -> None:
    gone, there = stepped.add(), stepped.add()
    events = [stepped.schedule(resource_id=one.resource_id) for one in (gone, there)]
    stepped.cloud.remove(gone)
    stepped.settle()
    assert [stepped.event(event).status for event in events] == [EventStatus.SKIPPED, EventStatus.SUCCEEDED]
    assert stepped.runs(events[0])[0].reason == "resource is gone"
    assert called == [there.resource_id]


def test_a_cloud_that_does_not_answer_delays_its_own_events_alone(stepped: Stepped, called: list[str | None]) -> None:
    silent, heard = stepped.add(account="10"), stepped.add(account="20")
    stepped.cloud.faults.unavailable("10", times=2)
    events = [stepped.schedule(resource_id=one.resource_id) for one in (silent, heard)]
    for failures in (1, 2):
        stepped.settle()
        waiting = stepped.event(events[0])
        assert (waiting.status, waiting.attempt, waiting.failures) == (EventStatus.SCHEDULED, 0, 0)
        assert "does not answer" in waiting.status_reason
        assert waiting.ready_at == NOW + timedelta(seconds=60 * failures)
        stepped.pass_time(60)
    stepped.settle()
    assert called == [heard.resource_id, silent.resource_id]
    assert [run.attempt for run in stepped.runs()] == [1, 1]


def test_resources_are_read_once_per_place_and_given_to_the_job(stepped: Stepped) -> None:
    seen: list[str] = []

    @stepped.job()
    class Job(ScheduledEventJob):
        def run(self) -> None:
            assert self.resource is not None
            seen.append(self.resource.state)

    places = [(account, region) for account in ("10", "20") for region in ("us-east-1", "eu-west-1")]
    for account, region in places * 3:
        resource = stepped.add(account=account, region=region)
        stepped.schedule(resource_id=resource.resource_id)
        stepped.cloud.set_state(resource, "stopping")
    stepped.worker._runner._durations.note("test.job", 0.001)  # a short job: all are claimed at once
    stepped.settle()
    assert sorted((call.account, call.region) for call in stepped.cloud.calls("read")) == sorted(places)
    assert seen == ["stopping"] * 12


def test_nobody_is_asked_about_an_account_that_no_cloud_serves(stepped: Stepped, called: list[str | None]) -> None:
    guarded(stepped, broken)
    stepped.schedule(resource_id="host:basement:rack-1:h1:")
    stepped.schedule()
    stepped.settle()
    assert called == ["host:basement:rack-1:h1:", None]


# What a bot scheduled is asked once more whether its resource still is what the bot looks for.


@pytest.fixture
def bot(stepped: Stepped) -> Bot:
    definition = BotDefinition(
        name="nightly",
        scope=Scope(resource_types=("instance",)),
        filters=(
            FilterUse("duetime.filter.tag", {"key": "env", "values": ["dev"]}),
            FilterUse("duetime.filter.state", {"values": ["running"]}),
        ),
    )
    return apply_bot(stepped.client, definition, actor="test").bot


def stop_later(stepped: Stepped, bot: Bot, resource: Resource, **parts: Any) -> None:
    with ScheduledEventTracker(stepped.client) as tracker:
        tracker.schedule_bot_event(
            bot=bot, resource=resource, event_type=STOP_RESOURCE, schedule_data=NOW + HOUR, recheck=True, **parts
        )


def test_what_no_longer_matches_is_skipped(stepped: Stepped, bot: Bot) -> None:
    kept, freed = stepped.add(tags={"env": "dev"}), stepped.add(tags={"env": "dev"})
    for resource in (kept, freed):
        stop_later(stepped, bot, resource)
    stepped.cloud.set_tags(freed, {"env": "prod"})
    stepped.pass_time(3600)
    stepped.settle()
    assert [event.status for event in stepped.events()] == [EventStatus.SUCCEEDED, EventStatus.SKIPPED]
    assert "no longer matches bot nightly" in stepped.events()[1].status_reason
    assert [one.state for one in stepped.cloud.resources()] == ["stopped", "running"]


def test_what_the_job_itself_changes_is_not_asked_again(stepped: Stepped, bot: Bot) -> None:
    resource = stepped.add(tags={"env": "dev"}, state="stopped")
    stop_later(stepped, bot, resource)
    stepped.pass_time(3600)
    stepped.settle()
    assert [event.status for event in stepped.events()] == [EventStatus.SUCCEEDED]


def test_a_recheck_without_an_answer_waits(stepped: Stepped, bot: Bot) -> None:
    resource = stepped.add(tags={"env": "dev"})
    stop_later(stepped, bot, resource)
    stepped.cloud.faults.unavailable(times=1)
    stepped.pass_time(3600)
    stepped.settle()
    assert [(event.status, event.attempt) for event in stepped.events()] == [(EventStatus.SCHEDULED, 0)]
    assert not stepped.cloud.calls("stop")


@pytest.mark.parametrize("fault", [RuntimeError("unforeseen"), SystemExit(1)], ids=repr)
def test_an_unforeseen_fault_of_the_judge_puts_events_off(
    stepped: Stepped, called: list[str | None], monkeypatch: pytest.MonkeyPatch, fault: BaseException
) -> None:
    def judge(*_args: Any, **_parts: Any) -> Any:
        raise fault

    events = [stepped.schedule(resource_id=stepped.add().resource_id) for _ in range(2)]
    with monkeypatch.context() as patch:
        patch.setattr(stepped.worker.dispatcher._judge, "judge", judge)
        stepped.step()
    after = [stepped.event(event) for event in events]
    assert [(event.status, event.attempt) for event in after] == [(EventStatus.SCHEDULED, 0)] * 2
    assert {event.ready_at for event in after} == {NOW + timedelta(seconds=60)}
    assert not called
    stepped.pass_time(60)
    stepped.settle()
    assert called == [event.resource_id for event in events]


def test_a_provider_that_answers_nothing_was_not_read(
    stepped: Stepped, called: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    event = stepped.schedule(resource_id=stepped.add().resource_id)
    problems: list[str | None] = []

    class Looks:
        name = "looks"

        def concerns(self, claim: Claim) -> bool:
            return claim.resource_id is not None

        def judge(self, claims: Sequence[Claim], fresh: FreshRead, *, now: datetime) -> Mapping[int, Verdict]:
            del now
            problems.extend(fresh.problem(claim.resource_id) for claim in claims if claim.resource_id is not None)
            return {}

    stepped.worker.dispatcher._judge = Judge(cloud=stepped.app.clouds, guards=[Looks()])
    monkeypatch.setattr(stepped.app.clouds, "read", lambda **_parts: None)
    stepped.settle()
    assert problems == ["'NoneType' object has no attribute 'items'"]
    assert called == [event.resource_id]
