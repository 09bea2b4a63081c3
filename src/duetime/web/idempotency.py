"""Changes that can be repeated safely: a request with the same `Idempotency-Key` gets the same answer again.

What is guaranteed:

- Of several requests with one key at once, one runs; the others are told to come back.
- A request that was refused has changed nothing. Its key is free again.
- Where a handler answers through `Answer`, the answer is kept in the transaction of the change: after any crash either
  both are there or neither is, and a repeated request is never done twice.
- Other changes keep their answer right after they are committed. When the process dies between the two, the key is
  claimed without an answer: repeating the request is refused with 409 until `CLAIM_LIFE` has passed, and is then done
  anew.
- An answer is kept for a day. Answers that tell secrets are never kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from duetime.store.idempotent_answer_table import KeptAnswer
from duetime.store.store import Store, Transaction
from duetime.web.errors import AnswerNotKept, KeyInUse, KeyReused
from duetime.web.ports import WebPorts
from duetime.web.visitor import Visitor

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
REPLAYED = "Idempotency-Replayed"
_LONGEST_ANSWER = 4 * 1024 * 1024
_KEPT_HEADERS = ("content-type", "etag", "location")

KeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="A text of your choice, new for each change. Repeating a request with the same key gives the same "
        "answer for a day and changes nothing again; the key is yours alone.",
    ),
]


class Replay(Exception):
    """Ends a request that was answered before."""

    def __init__(self, response: Response) -> None:
        self.response = response


@dataclass(frozen=True, slots=True)
class KeyClaim:
    """A key that a request has claimed."""

    store: Store
    who: str
    key: str
    claimed_at: datetime

    def keep_in(self, tx: Transaction, response: Response, *, tells_secret: bool = False) -> bool:
        """Keep an answer as part of a transaction; return whether the claim still held."""
        answer = _kept_form(response, tells_secret=tells_secret)
        return tx.idempotent_answers.keep(self.who, self.key, answer, claimed_at=self.claimed_at)

    def keep(self, response: Response, *, tells_secret: bool) -> None:
        """Keep an answer that was not kept in the transaction of its change."""
        with self.store.write() as tx:
            self.keep_in(tx, response, tells_secret=tells_secret)

    def give_up(self) -> None:
        """Free the key of a request that was refused."""
        with self.store.write() as tx:
            tx.idempotent_answers.give_up(self.who, self.key, claimed_at=self.claimed_at)


def _kept_form(response: Response, *, tells_secret: bool) -> KeptAnswer:
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    body = getattr(response, "body", None)  # one that is streamed has none
    is_kept = isinstance(body, bytes) and len(body) <= _LONGEST_ANSWER and not tells_secret
    return KeptAnswer(response.status_code, headers, body.decode() if is_kept and isinstance(body, bytes) else None)


def _mark_secret(request: Request) -> None:
    request.state.tells_secret = True


def tells_secret() -> Any:
    """Return the dependency of a route whose answer tells a secret: it is not kept, and so not given a second time."""
    return Depends(_mark_secret)


async def claim_key(request: Request, idempotency_key: KeyHeader = None) -> None:
    """Claim the request's key, if it has one. The gate of the route must stand before.

    Raises:
        Replay: it was answered before.
        KeyReused: the key came with another request.
        KeyInUse: the same request is being worked on.
        AnswerNotKept: the same request was done, and its answer is not there.
    """
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    if idempotency_key is None or visitor is None:
        return
    ports: WebPorts = request.app.state.ports
    body = await request.body()
    request_hash = _hash_of(request, body)
    who = f"{visitor.login_id}/{visitor.key_prefix or ''}"
    claim = await run_in_threadpool(_claim, ports.app.store, who, idempotency_key, request_hash)
    request.state.key_claim = claim


def _claim(store: Store, who: str, key: str, request_hash: bytes) -> KeyClaim:
    with store.write() as tx:
        state = tx.idempotent_answers.claim(who, key, request_hash)
    if state.claimed_at is not None:
        return KeyClaim(store, who, key, state.claimed_at)
    if not state.is_same:
        raise KeyReused(key)
    if state.answer is None:
        raise KeyInUse(key)
    if state.answer.body is None:
        raise AnswerNotKept(key)
    headers = {**state.answer.headers, REPLAYED: "true"}
    raise Replay(Response(state.answer.body, status_code=state.answer.http_status, headers=headers))


def _hash_of(request: Request, body: bytes) -> bytes:
    parts = (request.method, request.url.path, request.url.query, request.headers.get("if-match", ""))
    hashed = blake2b(digest_size=32)
    for part in (*(each.encode() for each in parts), body):
        hashed.update(len(part).to_bytes(8, "big"))
        hashed.update(part)
    return hashed.digest()


@dataclass(frozen=True, slots=True)
class Answer:
    """How a handler answers inside the transaction of its change, so that one is not kept without the other."""

    claim: KeyClaim | None
    state: object

    def within(
        self, tx: Transaction, body: BaseModel, *, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Return the answer, and keep it in the transaction when the request has a key.

        Raises:
            KeyInUse: it took so long that another request has the key by now; the change must not be kept.
        """
        response = JSONResponse(body.model_dump(mode="json", by_alias=True), status_code=status, headers=headers)
        if self.claim is not None:
            if not self.claim.keep_in(tx, response):
                raise KeyInUse(self.claim.key)
            setattr(self.state, "answer_is_kept", True)  # noqa: B010 - a state takes any attribute
        return response


def _answer(request: Request) -> Answer:
    return Answer(getattr(request.state, "key_claim", None), request.state)


CurrentAnswer = Annotated[Answer, Depends(_answer)]
"""A parameter of handlers: how to answer inside a transaction. The route must be an `ApiRoute`."""
