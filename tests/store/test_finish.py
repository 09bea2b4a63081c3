"""Endings: fenced by the token, batched, all of one event or nothing of it."""

from datetime import timedelta

import pytest
from tests.store.scene import HOUR, INSTANCE, START, Scene, fenced_off, unwritable

from duetime.core.events import OnExisting
from duetime.core.operations import ScheduleEvent, UnscheduleEvents
from duetime.core.outcomes import Deferred, Failed, Held, Outcome, Released, Skipped, Snoozed, Succeeded
from duetime.core.retry import Retry
from duetime.core.statuses import EventStatus, RunStatus, Wish
from duetime.store.finishing import FinishReport

LONG = 70


@pytest.fixture(params=[Succeeded(), Failed("no")], ids=["done", "failed"])
def outcome(request: pytest.FixtureRequest) -> Outcome:
    """Return an outcome that is written by the shorter statement for what is simply done, and one that is not."""
    found: Outcome = request.param
    return found


def test_an_ending_is_the_event_and_its_history_row(scene: Scene) -> None:
    claim = scene.claim_one(resource_id=INSTANCE, bot_id=7, dedupe_key=b"k" * 16)
    session_id = scene.event(claim.event_id).session_id
    started_at = scene.now - timedelta(seconds=3)
    ending = scene.ending(claim, started_at=started_at, result='{"done":"größer 🚀"}')
    assert scene.finish(ending) == FinishReport(written=[ending])
    event = scene.event(claim.event_id)
    assert event.status is EventStatus.SUCCEEDED
    assert event.finished_at == scene.now
    assert (event.session_id, event.started_at, event.wish) == (None, None, None)
    assert event.claim_token == claim.token + 1
    assert scene.column("dedupe_key", claim.event_id) is None
    (run,) = scene.runs(claim.event_id)
    assert (run.event_id, run.due_at, run.attempt) == (claim.event_id, claim.due_at, 1)
    assert (run.event_type, run.resource_id, run.bot_id) == (claim.event_type, INSTANCE, 7)
    assert (run.status, run.final, run.session_id) == (RunStatus.SUCCEEDED, True, session_id)
    assert (run.started_at, run.finished_at) == (started_at, scene.now)
    assert (run.reason, run.error, run.result) == ("", "", '{"done":"größer 🚀"}')
    assert (run.covers_until, run.covers_count) == (None, 1)


def test_a_recurring_event_goes_on(scene: Scene) -> None:
    claim = scene.claim_one(schedule=scene.hourly())
    event = scene.end(claim, Failed("no"), error="no")
    assert event.status is EventStatus.SCHEDULED
    assert event.due_at == event.ready_at == claim.due_at + HOUR
    assert (event.attempt, event.failures, event.failed_in_a_row) == (0, 0, 1)
    assert event.finished_at is None
    (run,) = scene.runs(claim.event_id)
    assert (run.status, run.final, run.error) == (RunStatus.FAILED, True, "no")


def test_a_retry_waits_at_the_same_due_time(scene: Scene) -> None:
    claim = scene.claim_one()
    event = scene.end(claim, Failed("no"), retry=Retry(attempts=3, first=timedelta(minutes=5)))
    assert event.due_at == claim.due_at
    assert event.ready_at == scene.now + timedelta(minutes=5)
    assert (event.attempt, event.failures) == (1, 1)
    (run,) = scene.runs(claim.event_id)
    assert (run.status, run.final, run.reason) == (RunStatus.FAILED, False, "retry after: no")


@pytest.mark.parametrize("outcome", [Released("drained"), Held("ask")])
def test_what_never_started_leaves_no_row(scene: Scene, outcome: Released | Held) -> None:
    event = scene.end(scene.claim_one(), outcome)
    assert event.attempt == 0
    assert event.status_reason == outcome.reason
    assert scene.runs(event.event_id) == []


def test_a_stale_ending_changes_nothing(scene: Scene, outcome: Outcome) -> None:
    lost = scene.claim_one()
    ending = scene.ending(lost, outcome)
    scene.end(lost, Released())
    scene.claim()  # by another worker
    before = scene.event(lost.event_id)
    assert scene.finish(ending) == FinishReport(stale=[ending])
    assert scene.event(lost.event_id) == before
    assert scene.runs(lost.event_id) == []


def test_one_stale_ending_does_not_stand_in_the_way_of_the_others(scene: Scene, outcome: Outcome) -> None:
    endings = [scene.ending(scene.claim_one(), outcome) for _ in range(LONG)]
    stale = endings[3]._replace(claim=fenced_off(endings[3].claim))
    report = scene.finish(*endings[:3], stale, *endings[4:])
    assert report.stale == [stale]
    assert report.written == [*endings[:3], *endings[4:]]
    statuses = [scene.event(ending.claim.event_id).status for ending in endings]
    assert statuses.count(EventStatus.RUNNING) == 1
    assert sum(len(scene.runs(ending.claim.event_id)) for ending in endings) == LONG - 1


def test_what_was_asked_meanwhile_is_decided_first(scene: Scene, outcome: Outcome) -> None:
    claim, other = scene.claim_one(), scene.claim_one()
    ending, neighbour = scene.ending(claim, outcome), scene.ending(other, outcome)
    with scene.store.write() as tx:
        tx.verbs.cancel(claim.event_id, actor="tester")
    assert scene.finish(ending, neighbour) == FinishReport(written=[neighbour], wished=[(ending, Wish.CANCEL)])
    assert scene.event(claim.event_id).status is EventStatus.RUNNING
    assert scene.runs(claim.event_id) == []
    assert scene.end(claim, Snoozed(scene.now), wish=Wish.CANCEL).status is EventStatus.CANCELLED


def test_a_wish_that_was_taken_back_is_decided_again(scene: Scene) -> None:
    claim = scene.claim_one(schedule=scene.hourly())
    ending = scene.ending(claim, wish=Wish.PAUSE)
    assert scene.finish(ending) == FinishReport(wished=[(ending, None)])
    assert scene.end(claim).status is EventStatus.SCHEDULED


def test_the_same_ending_twice_is_known_to_be_written(scene: Scene, outcome: Outcome) -> None:
    endings = [scene.ending(scene.claim_one(), outcome) for _ in range(3)]
    scene.finish(*endings)
    before = [scene.event(ending.claim.event_id) for ending in endings]
    assert scene.finish(*endings) == FinishReport(written=endings)
    assert [scene.event(ending.claim.event_id) for ending in endings] == before
    assert [len(scene.runs(ending.claim.event_id)) for ending in endings] == [1, 1, 1]


@pytest.mark.parametrize("kind", ["released", "deferred", "held"])
def test_an_ending_without_a_row_is_known_too(scene: Scene, kind: str) -> None:
    outcomes: dict[str, Outcome] = {
        "released": Released("drained"),
        "deferred": Deferred(scene.now + HOUR, "wait"),
        "held": Held("ask"),
    }
    ending = scene.ending(scene.claim_one(), outcomes[kind])
    scene.finish(ending)
    assert scene.finish(ending) == FinishReport(written=[ending])
    other = ending._replace(step=ending.step._replace(reason="another's"))
    assert scene.finish(other) == FinishReport(stale=[other])


def test_anothers_ending_of_the_same_attempt_is_not_mine(scene: Scene, outcome: Outcome) -> None:
    """The reaper settled the attempt as lost while its worker was only slow."""
    claim = scene.claim_one()
    mine = scene.ending(claim, outcome)
    scene.end(claim, Skipped("gone"))
    assert scene.finish(mine) == FinishReport(stale=[mine])


def test_no_endings_are_no_endings(scene: Scene) -> None:
    assert scene.finish() == FinishReport()
    with scene.store.write() as tx:
        assert tx.claims.finish([]) == set()


@pytest.mark.parametrize("where", ["first", "middle", "last"])
def test_what_a_check_refuses_does_not_fail_its_neighbours(scene: Scene, where: str) -> None:
    endings = [scene.ending(scene.claim_one()) for _ in range(5)]
    position = {"first": 0, "middle": 2, "last": 4}[where]
    endings[position] = unwritable(endings[position])
    report = scene.finish(*endings)
    ((refused, problem),) = report.refused
    assert refused is endings[position]
    assert "runs_status_known" in problem
    assert "\n" not in problem
    assert report.written == endings[:position] + endings[position + 1 :]
    assert scene.event(refused.claim.event_id).status is EventStatus.RUNNING


def test_text_that_only_postgresql_refuses_does_not_fail_its_neighbours(scene: Scene, outcome: Outcome) -> None:
    bad, good = (scene.ending(scene.claim_one(), outcome) for _ in range(2))
    bad = bad._replace(result="zero \x00 byte")
    report = scene.finish(bad, good)
    if scene.store.is_sqlite:
        assert report.written == [bad, good]
    else:
        assert report.written == [good]
        assert [ending for ending, _ in report.refused] == [bad]
        assert "NUL" in report.refused[0][1]


def test_text_that_cannot_be_encoded_does_not_fail_its_neighbours(scene: Scene) -> None:
    bad, good = (scene.ending(scene.claim_one()) for _ in range(2))
    bad = bad._replace(error="half \ud800 pair")
    report = scene.finish(bad, good)
    assert report.written == [good]
    assert [ending for ending, _ in report.refused] == [bad]
    assert scene.finish(bad._replace(error="mended")).stale == []


def test_operations_are_written_with_the_ending(scene: Scene) -> None:
    scene.add(bot_id=7, resource_id=INSTANCE)
    claim = scene.claim_one(event_type=START)
    new = scene.new(description="from the run")
    operations = (UnscheduleEvents("no", bot_id=7, resource_id=None), ScheduleEvent(new))
    scene.finish(scene.ending(claim, operations=operations))
    assert scene.event(1).status is EventStatus.CANCELLED
    assert scene.event(3).description == "from the run"


def test_operations_of_a_stale_ending_are_not_written(scene: Scene) -> None:
    stale, good = fenced_off(scene.claim_one()), scene.claim_one()
    session_id = scene.event(good.event_id).session_id
    endings = [
        scene.ending(claim, operations=(ScheduleEvent(scene.new(description=text)),), session_id=session_id)
        for claim, text in ((stale, "stale"), (good, "good"))
    ]
    report = scene.finish(*endings)
    assert (report.stale, report.written) == ([endings[0]], [endings[1]])
    assert [scene.event(event_id).description for event_id in scene.ids()] == ["", "", "good"]


def test_operations_that_cannot_be_written_keep_their_ending_back(scene: Scene) -> None:
    """Half of what a run asked for is worse than none of it: the engine decides what becomes of the run."""
    bad, good = scene.claim_one(), scene.claim_one()
    wrong = scene.new(on_lost=_Wrong())
    endings = [
        scene.ending(bad, operations=(ScheduleEvent(scene.new()), ScheduleEvent(wrong))),
        scene.ending(good, operations=(ScheduleEvent(scene.new(description="good")),)),
    ]
    report = scene.finish(*endings)
    assert [ending for ending, _ in report.refused] == [endings[0]]
    assert report.written == [endings[1]]
    assert scene.event(bad.event_id).status is EventStatus.RUNNING
    assert [scene.event(event_id).description for event_id in scene.ids()] == ["", "", "good"]


class _Wrong:
    value = "forget"


def test_a_job_that_schedules_its_own_key_follows_itself(scene: Scene) -> None:
    scene.schedule("keep")
    (claim,) = scene.claim()
    following = scene.new(dedupe_key=b"k" * 16, due_at=scene.now + HOUR, on_existing=OnExisting.KEEP)
    scene.finish(scene.ending(claim, operations=(ScheduleEvent(following),)))
    assert [scene.event(event_id).status for event_id in scene.ids()] == [EventStatus.SUCCEEDED, EventStatus.SCHEDULED]


@pytest.mark.parametrize("kind", ["snoozed", "skipped", "succeeded"])
def test_endings_of_different_kinds_go_together(scene: Scene, kind: str) -> None:
    outcomes: dict[str, Outcome] = {
        "snoozed": Snoozed(scene.now + HOUR),
        "skipped": Skipped("gone"),
        "succeeded": Succeeded(),
    }
    claims = [scene.claim_one() for _ in range(4)]
    endings = [
        scene.ending(claims[0], outcomes[kind]),
        scene.ending(claims[1], Released()),
        scene.ending(claims[2], Failed("no")),
        scene.ending(claims[3], Held("ask")),
    ]
    assert scene.finish(*endings).written == endings
    assert [len(scene.runs(claim.event_id)) for claim in claims] == [1, 0, 1, 0]
