"""Keys on both databases."""

from datetime import timedelta

from sqlalchemy import func, select

from duetime.store.access_tables import idempotent_answers
from duetime.store.idempotent_answer_table import CLAIM_LIFE, KEPT_FOR, KeptAnswer, KeyState
from duetime.store.store import Store
from duetime.testing.clock import ManualClock

ANSWER = KeptAnswer(201, {"location": "/api/v1/events/1"}, '{"event_id":1}')
WHO, KEY, HASH, OTHER = "1/", "key", b"hash", b"other"


def claim(store: Store, key: str = KEY, request_hash: bytes = HASH, who: str = WHO) -> KeyState:
    with store.write() as tx:
        return tx.idempotent_answers.claim(who, key, request_hash)


def claimed(store: Store, key: str = KEY) -> KeyState:
    state = claim(store, key)
    assert state.claimed_at is not None
    return state


def keep(store: Store, state: KeyState, answer: KeptAnswer = ANSWER) -> bool:
    assert state.claimed_at is not None
    with store.write() as tx:
        return tx.idempotent_answers.keep(WHO, KEY, answer, claimed_at=state.claimed_at)


def test_one_request_claims_a_key(store: Store) -> None:
    claimed(store)
    assert claim(store) == KeyState()
    assert claim(store, request_hash=OTHER) == KeyState(is_same=False)
    assert claim(store, who="2/").claimed_at is not None


def test_the_answer_is_given_again(store: Store) -> None:
    assert keep(store, claimed(store))
    assert claim(store) == KeyState(answer=ANSWER)
    assert claim(store, request_hash=OTHER) == KeyState(is_same=False, answer=ANSWER)


def test_an_answer_is_kept_once(store: Store) -> None:
    state = claimed(store)
    assert keep(store, state)
    assert not keep(store, state, KeptAnswer(500, {}, None))
    assert claim(store).answer == ANSWER


def test_a_refused_request_gives_its_key_up(store: Store) -> None:
    state = claimed(store)
    assert state.claimed_at is not None
    with store.write() as tx:
        tx.idempotent_answers.give_up(WHO, KEY, claimed_at=state.claimed_at)
    assert claim(store, request_hash=OTHER).claimed_at is not None


def test_an_answered_key_is_not_given_up(store: Store) -> None:
    state = claimed(store)
    assert state.claimed_at is not None
    keep(store, state)
    with store.write() as tx:
        tx.idempotent_answers.give_up(WHO, KEY, claimed_at=state.claimed_at)
    assert claim(store).answer == ANSWER


def test_a_claim_ends_by_itself_and_its_request_can_answer_no_more(store: Store, clock: ManualClock) -> None:
    first = claimed(store)
    clock.move_to(clock.now() + CLAIM_LIFE)
    assert claim(store) == KeyState()
    clock.move_to(clock.now() + timedelta(seconds=1))
    second = claimed(store)
    assert not keep(store, first)
    assert keep(store, second)


def test_old_keys_are_forgotten(store: Store, clock: ManualClock) -> None:
    for number in range(3):
        claimed(store, f"key {number}")
    keep(store, claimed(store))
    clock.move_to(clock.now() + KEPT_FOR)
    assert claim(store).answer == ANSWER
    clock.move_to(clock.now() + timedelta(seconds=1))
    claimed(store, "new")
    with store.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(idempotent_answers)) == 1
