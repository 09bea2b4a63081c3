"""Answers to requests that carried an idempotency key, so that a repeated request gets the same one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, select, tuple_, update

from duetime.store.access_tables import idempotent_answers
from duetime.store.upsert import insert_if_absent

KEPT_FOR = timedelta(hours=24)
"""How long an answer is kept."""
CLAIM_LIFE = timedelta(minutes=5)
"""How long a request may take; a key whose request has not answered by then can be claimed again: its process died."""
_PRUNED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it was sent.

    Attributes:
        body: None = it is not kept, because it told a secret or was too long.
    """

    http_status: int
    headers: Mapping[str, str]
    body: str | None


@dataclass(frozen=True, slots=True)
class KeyState:
    """What became of an attempt to claim a key.

    Attributes:
        claimed_at: when this request claimed it; None = another one has.
        is_same: whether that one is the same request.
        answer: the answer that it got; None = it has none yet.
    """

    claimed_at: datetime | None = None
    is_same: bool = True
    answer: KeptAnswer | None = None


class IdempotentAnswerTable:
    """Keys by who sent them."""

    def __init__(self, connection: Connection, *, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def claim(self, who: str, key: str, request_hash: bytes) -> KeyState:
        """Claim a key for one request, or say what is known of the request that has it.

        Of several at once, one claims it. Keys that are older than `KEPT_FOR` are forgotten, some with each claim.

        Args:
            who: whose key it is; others may use the same text.
            key: the text.
            request_hash: what tells this request from others.
        """
        self._prune()
        mine = {"who": who, "idempotency_key": key, "request_hash": request_hash, "claimed_at": self._now}
        if insert_if_absent(self._connection, idempotent_answers, mine):
            return KeyState(claimed_at=self._now)
        here = (idempotent_answers.c.who == who, idempotent_answers.c.idempotency_key == key)
        row = self._connection.execute(select(idempotent_answers).where(*here).with_for_update()).one_or_none()
        if row is None:  # its request was refused a moment ago and gave it up
            return KeyState()
        life = CLAIM_LIFE if row.http_status is None else KEPT_FOR
        if self._now - row.claimed_at > life:
            fresh = {"http_status": None, "headers": None, "body": None}
            self._connection.execute(update(idempotent_answers).where(*here).values(**mine, **fresh))
            return KeyState(claimed_at=self._now)
        is_same = row.request_hash == request_hash
        if row.http_status is None:
            return KeyState(is_same=is_same)
        answer = KeptAnswer(row.http_status, json.loads(row.headers or "{}"), row.body)
        return KeyState(is_same=is_same, answer=answer)

    def keep(self, who: str, key: str, answer: KeptAnswer, *, claimed_at: datetime) -> bool:
        """Keep the answer to the request that claimed a key.

        Returns:
            Whether the claim still held: it does not when the request took so long that another one has the key now.
        """
        kept = update(idempotent_answers).where(*_claim(who, key, claimed_at))
        values = {
            "http_status": answer.http_status,
            "headers": json.dumps(dict(answer.headers)),
            "body": answer.body,
        }
        return self._connection.execute(kept.values(**values)).rowcount == 1

    def give_up(self, who: str, key: str, *, claimed_at: datetime) -> None:
        """Give a key up whose request was refused; one that has its answer is left as it is."""
        self._connection.execute(delete(idempotent_answers).where(*_claim(who, key, claimed_at)))

    def _prune(self) -> None:
        key = (idempotent_answers.c.who, idempotent_answers.c.idempotency_key)
        oldest = (
            select(*key)
            .where(idempotent_answers.c.claimed_at < self._now - KEPT_FOR)
            .order_by(idempotent_answers.c.claimed_at)
            .limit(_PRUNED_AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        self._connection.execute(delete(idempotent_answers).where(tuple_(*key).in_(oldest)))


def _claim(who: str, key: str, claimed_at: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that hold while a request that has no answer yet has a key."""
    return (
        idempotent_answers.c.who == who,
        idempotent_answers.c.idempotency_key == key,
        idempotent_answers.c.claimed_at == claimed_at,
        idempotent_answers.c.http_status.is_(None),
    )
