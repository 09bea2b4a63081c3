"""Claims: oldest first, never early, never two of one event, and only for a session that lives."""

from datetime import timedelta

import pytest
from tests.store.scene import HOUR, INSTANCE, MINUTE, START, STOP, Scene

from duetime.core.statuses import EventStatus, OnLost
from duetime.store.hot_path import Want
from duetime.store.store import Store

SECOND = timedelta(seconds=1)


def test_a_claim_is_all_that_running_needs(scene: Scene) -> None:
    session_id = scene.session()
    event_id = scene.add(
        resource_id=INSTANCE,
        bot_id=7,
        args_text='{"hours":12}',
        ready_at=scene.now - SECOND,
        expires_at=scene.now + HOUR,
        on_lost=OnLost.HOLD,
        catch_up="skip",
        recheck=True,
        group_key=-5,
        user_resource_id="divvyuser:7",
    )
    (claim,) = scene.claim(session_id)
    event = scene.event(event_id)
    assert claim.token == event.claim_token == 1
    assert claim.attempt == event.attempt == 1
    assert (event.status, event.session_id, event.started_at) == (EventStatus.RUNNING, session_id, None)
    assert claim.args_text == '{"hours":12}'
    assert claim.group_key == -5
    assert claim.schedule_text.startswith('{"_type":"once"')
    assert not claim.recurring
    for name in ("event_type", "resource_id", "bot_id", "due_at", "ready_at", "failures", "failed_in_a_row"):
        assert getattr(claim, name) == getattr(event, name), name
    for name in ("expires_at", "on_lost", "catch_up", "recheck", "user_resource_id"):
        assert getattr(claim, name) == getattr(event, name), name
    assert isinstance(claim.recheck, bool)
    assert claim.due_at.utcoffset() == timedelta(0)


def test_the_oldest_come_first_and_the_first_of_equals(scene: Scene) -> None:
    late = scene.add(due_at=scene.now - MINUTE)
    old = scene.add(due_at=scene.now - HOUR)
    equal = scene.add(due_at=scene.now - MINUTE)
    retried = scene.add(due_at=scene.now - 2 * HOUR, ready_at=scene.now - SECOND)
    session_id = scene.session()
    assert [claim.event_id for claim in scene.claim(session_id, most=2)] == [old, late]
    assert [claim.event_id for claim in scene.claim(session_id, most=1)] == [equal]
    assert [claim.event_id for claim in scene.claim(session_id)] == [retried]
    assert scene.claim(session_id) == []


def test_nothing_is_claimed_early(scene: Scene) -> None:
    scene.add(due_at=scene.now + HOUR)
    scene.add(due_at=scene.now - HOUR, ready_at=scene.now + HOUR)
    assert scene.claim() == []


def test_an_event_is_claimed_from_its_very_moment(sqlite_scene: Scene) -> None:
    now = sqlite_scene.now
    sqlite_scene.add(due_at=now + timedelta(microseconds=1))
    on_time = sqlite_scene.add(due_at=now)
    assert [claim.event_id for claim in sqlite_scene.claim()] == [on_time]


@pytest.mark.parametrize("status", [status for status in EventStatus if status is not EventStatus.SCHEDULED])
def test_only_scheduled_events_are_claimed(scene: Scene, status: EventStatus) -> None:
    scene.add()
    session = "1" if status is EventStatus.RUNNING else "NULL"
    finished = "created_at" if status.is_final else "NULL"
    scene.sql(f"UPDATE events SET status = '{status}', session_id = {session}, finished_at = {finished}")
    assert scene.claim() == []


def test_types_that_nobody_asked_for_are_left_alone(scene: Scene) -> None:
    scene.add(event_type="unloaded", due_at=scene.now - HOUR)
    wanted = scene.add()
    assert [claim.event_id for claim in scene.claim()] == [wanted]
    assert scene.event(1).status is EventStatus.SCHEDULED
    assert scene.claim(types=[]) == []


def test_each_type_has_its_limit_and_all_have_one(scene: Scene) -> None:
    stops = [scene.add(due_at=scene.now - HOUR) for _ in range(4)]
    starts = [scene.add(event_type=START) for _ in range(4)]
    session_id = scene.session()
    with scene.store.write() as tx:
        first = tx.claims.take(session_id=session_id, wants=[Want(STOP, 2), Want(START, 3)], most=4)
    assert [claim.event_id for claim in first] == [*stops[:2], *starts[:2]]
    with scene.store.write() as tx:
        assert tx.claims.take(session_id=session_id, wants=[Want(STOP, 0), Want(START, 1)], most=0) == []
        rest = tx.claims.take(session_id=session_id, wants=[Want(STOP, 0), Want(START, 9)], most=9)
    assert [claim.event_id for claim in rest] == starts[2:]


@pytest.mark.parametrize("number", [200, 201, 450, 1001])
def test_a_worker_may_know_many_types(scene: Scene, number: int) -> None:
    """Whatever the order of the types, and however many a statement can name, the oldest of all come first."""
    types = [f"type-{number:04}" for number in range(number)]
    last, first = scene.add(event_type=types[0]), scene.add(event_type=types[-1], due_at=scene.now - HOUR)
    session_id = scene.session()
    with scene.store.read() as tx:
        assert tx.claims.earliest_ready_at(event_types=types) == scene.now - HOUR
    assert [claim.event_id for claim in scene.claim(session_id, types=types, most=1)] == [first]
    assert [claim.event_id for claim in scene.claim(session_id, types=types, most=5)] == [last]


@pytest.mark.parametrize("how", ["lost", "stopped", "unknown"])
def test_only_a_live_session_claims(scene: Scene, how: str) -> None:
    event_id = scene.add(group_key=5)
    session_id = scene.session()
    if how == "lost":
        scene.lose(session_id)
    elif how == "stopped":
        with scene.store.write() as tx:
            tx.sessions.stop(session_id)
    else:
        session_id += 1
    assert scene.claim(session_id) == []
    assert scene.event(event_id).claim_token == 0
    assert len(scene.claim()) == 1


def test_tokens_grow_and_are_never_given_again(scene: Scene) -> None:
    tokens = []
    event_id = scene.add_hourly()
    for _ in range(4):
        (claim,) = scene.claim()
        tokens.append(claim.token)
        scene.end(claim)
        tokens.append(scene.event(event_id).claim_token)
        scene.sql("UPDATE events SET ready_at = created_at")
    assert tokens == sorted(set(tokens))


def test_a_claim_that_is_rolled_back_never_was(scene: Scene) -> None:
    event_id = scene.add()
    session_id = scene.session()
    before = scene.event(event_id)
    with pytest.raises(IndexError), scene.store.write() as tx:
        _ = tx.claims.take(session_id=session_id, wants=[Want(STOP, 5)], most=5)[1]
    assert scene.event(event_id) == before


@pytest.mark.postgres
def test_a_second_worker_passes_over_what_the_first_is_claiming(postgresql_store: Store) -> None:
    """Without waiting for it, and without leaving anything out that is free."""
    scene = Scene(postgresql_store)
    ids = [scene.add() for _ in range(6)]
    first, second = scene.session(), scene.session()
    with scene.store.write() as tx:
        mine = tx.claims.take(session_id=first, wants=[Want(STOP, 3)], most=3)
        with Store(postgresql_store.url.render_as_string(), busy_seconds=0.2) as other, other.write() as tx_of_other:
            theirs = tx_of_other.claims.take(session_id=second, wants=[Want(STOP, 9)], most=9)
    assert [claim.event_id for claim in mine] == ids[:3]
    assert [claim.event_id for claim in theirs] == ids[3:]


def test_the_earliest_time_says_how_long_to_sleep(scene: Scene) -> None:
    with scene.store.read() as tx:
        assert tx.claims.earliest_ready_at(event_types=[STOP, START]) is None
        assert tx.claims.earliest_ready_at(event_types=[]) is None
    scene.add(event_type=START, due_at=scene.now + 2 * HOUR)
    scene.add(due_at=scene.now - HOUR, ready_at=scene.now + HOUR)
    scene.add(event_type="unloaded")
    running = scene.claim_one(due_at=scene.now - 3 * HOUR)
    assert running.due_at == scene.now - 3 * HOUR
    with scene.store.read() as tx:
        assert tx.claims.earliest_ready_at(event_types=[STOP, START]) == scene.now + HOUR
        assert tx.claims.earliest_ready_at(event_types=[START]) == scene.now + 2 * HOUR
