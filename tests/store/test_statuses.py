"""The table of statuses, in both directions: every move it allows is made by a verb, and no verb makes another."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from itertools import product

import pytest
from tests.store.scene import HOUR, Scene

from duetime.core.claims import Claim
from duetime.core.errors import IllegalTransition
from duetime.core.outcomes import (
    Deferred,
    Expired,
    Failed,
    Held,
    Lost,
    Outcome,
    Released,
    Skipped,
    Snoozed,
    Succeeded,
    TimedOut,
)
from duetime.core.retry import Retry
from duetime.core.statuses import FINAL, TRANSITIONS, EventStatus, OnLost, Wish
from duetime.schedule.once import Once
from duetime.store.verbs import Resolution

S = EventStatus
BY = {"actor": "tester", "reason": "test"}

THROUGH_A_CLAIM = {(S.SCHEDULED, S.EXPIRED), (S.SCHEDULED, S.SKIPPED)}
"""Allowed from `scheduled` at once, and made there by a worker, which claims first."""


def _resolve(scene: Scene, event_id: int, resolution: Resolution) -> None:
    event = scene.event(event_id)
    next_due = event.schedule.next_after(event.due_at) if event.recurring else None
    with scene.store.write() as tx:
        tx.verbs.resolve(event_id, resolution, next_due=next_due, **BY)


def _reschedule(scene: Scene, event_id: int) -> None:
    due_at = scene.now + HOUR
    with scene.store.write() as tx:
        tx.verbs.reschedule(event_id, schedule=Once(when=due_at), due_at=due_at, expires_at=None, **BY)


def _pause(scene: Scene, event_id: int) -> None:
    with scene.store.write() as tx:
        tx.verbs.pause(event_id, **BY)


def _resume(scene: Scene, event_id: int) -> None:
    with scene.store.write() as tx:
        tx.verbs.resume(event_id, **BY)


def _cancel(scene: Scene, event_id: int) -> None:
    with scene.store.write() as tx:
        tx.verbs.cancel(event_id, **BY)


def _claim(scene: Scene, _event_id: int) -> None:
    scene.claim()


def _unschedule(scene: Scene, _event_id: int) -> None:
    scene.unschedule(bot_id=7)


def _replace(scene: Scene, _event_id: int) -> None:
    scene.schedule("replace", bot_id=8)


def _resolution(resolution: Resolution) -> "Verb":
    return lambda scene, event_id: _resolve(scene, event_id, resolution)


Verb = Callable[[Scene, int], None]
VERBS: Mapping[str, Verb] = {
    "pause": _pause,
    "resume": _resume,
    "cancel": _cancel,
    "reschedule": _reschedule,
    "claim": _claim,
    "unschedule": _unschedule,
    "replace": _replace,
    **{f"resolve as {resolution}": _resolution(resolution) for resolution in Resolution},
}

LATER = timedelta(hours=3)


def _outcomes(scene: Scene) -> list[Outcome]:
    return [
        Succeeded(),
        Failed("no"),
        Failed("no", retry=False),
        Snoozed(scene.now + LATER),
        Skipped("need not"),
        TimedOut(5.0),
        Lost(),
        Deferred(scene.now + LATER, "wait"),
        Held("ask"),
        Expired(),
        Released(),
    ]


def _claimed(scene: Scene, *, recurring: bool, on_lost: OnLost) -> Claim:
    add = scene.add_hourly if recurring else scene.add
    event_id = add(on_lost=on_lost, bot_id=7, dedupe_key=b"k" * 16)
    (claim,) = scene.claim()
    assert claim.event_id == event_id
    return claim


def _in_status(scene: Scene, status: EventStatus, *, recurring: bool) -> int:
    """Bring an event into a status by the verbs alone."""
    add = scene.add_hourly if recurring else scene.add
    if status in (S.SCHEDULED, S.PAUSED):
        event_id = add(bot_id=7, dedupe_key=b"k" * 16)
        if status is S.PAUSED:
            _pause(scene, event_id)
        return event_id
    claim = _claimed(scene, recurring=recurring, on_lost=OnLost.RETRY)
    final: Mapping[EventStatus, Outcome] = {
        S.HELD: Held("ask"),
        S.SUCCEEDED: Succeeded(),
        S.FAILED: Failed("no"),
        S.SKIPPED: Skipped("need not"),
        S.EXPIRED: Expired(),
        S.CANCELLED: Released(),
    }
    if status is S.CANCELLED:
        _cancel(scene, claim.event_id)
    if status is not S.RUNNING:
        wish = Wish.CANCEL if status is S.CANCELLED else None
        # A recurring event ends by exhaustion or cancel alone, so its last occurrence is the one that is ended here.
        ending = scene.ending(claim, final[status], wish=wish)
        if status in FINAL and not ending.step.status.is_final:
            ending = ending._replace(step=ending.step._replace(status=status, due_at=claim.due_at))
        scene.finish(ending)
    return claim.event_id


@pytest.mark.parametrize("source", EventStatus)
def test_no_verb_makes_a_move_outside_the_table(scene: Scene, source: EventStatus) -> None:
    for recurring in (False, True):
        for verb in VERBS.values():
            _check_move(scene, source, verb, recurring=recurring)
            _clear(scene)


def _clear(scene: Scene) -> None:
    scene.sql("DELETE FROM events")
    scene.sql("DELETE FROM runs")


def _check_move(scene: Scene, source: EventStatus, verb: Verb, *, recurring: bool) -> None:
    event_id = _in_status(scene, source, recurring=recurring)
    before = scene.event(event_id)
    assert before.status is source
    try:
        verb(scene, event_id)
    except IllegalTransition:
        assert scene.event(event_id) == before
        return
    after = scene.event(event_id)
    assert after.status is source or after.status in TRANSITIONS[source]
    if source in FINAL:
        assert after == before
    if after.status is not source:
        assert after.claim_token > before.claim_token


def test_a_verb_or_an_ending_makes_every_move_of_the_table(sqlite_scene: Scene) -> None:
    made = set(_moves_by_verbs(sqlite_scene)) | set(_moves_by_endings(sqlite_scene))
    allowed = {(source, target) for source, targets in TRANSITIONS.items() for target in targets}
    assert made | THROUGH_A_CLAIM == allowed
    assert not made & THROUGH_A_CLAIM


def _moves_by_verbs(scene: Scene) -> Iterable[tuple[EventStatus, EventStatus]]:
    for source in EventStatus:
        for verb in VERBS.values():
            event_id = _in_status(scene, source, recurring=False)
            try:
                verb(scene, event_id)
            except IllegalTransition:
                continue
            finally:
                target = scene.event(event_id).status
                _clear(scene)
            if target is not source:
                yield source, target


def _moves_by_endings(scene: Scene) -> Iterable[tuple[EventStatus, EventStatus]]:
    for outcome in _outcomes(scene):
        is_unknown = isinstance(outcome, TimedOut | Lost)
        for wish, on_lost, retry, recurring in product(
            (None, *Wish),
            OnLost if is_unknown else (OnLost.RETRY,),
            (Retry(), Retry(attempts=5)) if is_unknown or isinstance(outcome, Failed) else (Retry(),),
            (False, True),
        ):
            claim = _claimed(scene, recurring=recurring, on_lost=on_lost)
            scene.sql("UPDATE events SET wish = :wish", wish=None if wish is None else wish.value)
            after = scene.end(claim, outcome, wish=wish, retry=retry)
            assert after.status in TRANSITIONS[S.RUNNING], (outcome, wish, on_lost)
            assert after.wish is None
            assert (after.finished_at is not None) == (after.status in FINAL)
            assert (scene.column("dedupe_key", after.event_id) is None) == (after.status in FINAL)
            assert after.claim_token > claim.token
            yield S.RUNNING, after.status
            _clear(scene)
