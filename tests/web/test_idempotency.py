"""A change that is repeated is done once."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi import APIRouter, FastAPI
from starlette.testclient import TestClient
from tests.web.api.scene import LOG, Scene
from tests.web.conftest import ADMIN, As, new_server

from duetime.app.app import App
from duetime.core.access import Feature
from duetime.core.errors import DatabaseUnavailable, Invalid
from duetime.store.idempotent_answer_table import CLAIM_LIFE, KEPT_FOR
from duetime.testing.clock import ManualClock
from duetime.web.api_route import ApiRoute
from duetime.web.idempotency import tells_secret
from duetime.web.need import needs
from duetime.web.visitor import Visitor

EVENTS = "/api/v1/events"
WANTED = {"event_type": LOG, "args": {"message": "hello"}, "in": "1h"}
KEY = {"Idempotency-Key": "key-1"}


@pytest.fixture
def web(app: App) -> FastAPI:
    """A server of each test's own: some add routes to it."""
    return new_server(app)


@pytest.fixture
def scene(app: App) -> Scene:
    return Scene(app)


def test_a_repeated_request_gets_the_same_answer(as_: As) -> None:
    client = as_()
    first = client.post(EVENTS, json=WANTED, headers=KEY)
    again = client.post(EVENTS, json=WANTED, headers=KEY)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    for name in ("etag", "location", "content-type"):
        assert again.headers[name] == first.headers[name]
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert len(client.get(EVENTS).json()["items"]) == 1


def test_another_request_with_the_key_is_refused(as_: As) -> None:
    client = as_()
    made = client.post(EVENTS, json=WANTED, headers=KEY).json()
    for path, body in ((EVENTS, {**WANTED, "in": "2h"}), (f"{EVENTS}/{made['event_id']}/cancel", None)):
        answer = client.post(path, json=body, headers=KEY)
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:duetime:KeyReused")
    assert [item["status"] for item in client.get(EVENTS).json()["items"]] == ["scheduled"]


@pytest.mark.parametrize("other", [replace(ADMIN, login_id=77), replace(ADMIN, key_prefix="another")])
def test_a_key_belongs_to_who_sent_it(as_: As, other: Visitor) -> None:
    as_(ADMIN).post(EVENTS, json=WANTED, headers=KEY)
    answer = as_(other).post(EVENTS, json={**WANTED, "in": "2h"}, headers=KEY)
    assert answer.status_code == 201


def test_a_key_is_forgotten_after_a_day(as_: As, clock: ManualClock) -> None:
    client = as_()
    client.post(EVENTS, json=WANTED, headers=KEY)
    clock.move_to(clock.now() + KEPT_FOR + timedelta(seconds=1))
    answer = client.post(EVENTS, json={**WANTED, "in": "2h"}, headers=KEY)
    assert answer.status_code == 201


def test_what_was_refused_may_be_repeated(as_: As, scene: Scene) -> None:
    client, event = as_(), scene.event("A")
    path = f"{EVENTS}/{event.event_id}/resume"
    assert client.post(path, headers=KEY).status_code == 409
    scene.client.pause(event.event_id)
    assert client.post(path, headers=KEY).status_code == 200
    assert client.post(EVENTS, json={}, headers={"Idempotency-Key": "key-2"}).status_code == 422
    assert client.post(EVENTS, json=WANTED, headers={"Idempotency-Key": "key-2"}).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "two words", "x" * 201])
def test_a_key_that_is_none(as_: As, key: str) -> None:
    assert as_().post(EVENTS, json=WANTED, headers={"Idempotency-Key": key}).status_code == 422


def test_a_process_that_dies_leaves_the_key_claimed_for_a_while(as_: As, scene: Scene, clock: ManualClock) -> None:
    client = as_()
    first = client.post(EVENTS, json=WANTED, headers=KEY).json()
    _forget_answer(scene)  # as if it had died after its claim
    waits = client.post(EVENTS, json=WANTED, headers=KEY)
    assert (waits.status_code, waits.headers["retry-after"]) == (409, "1")
    clock.move_to(clock.now() + CLAIM_LIFE + timedelta(seconds=1))
    anew = client.post(EVENTS, json=WANTED, headers=KEY)
    assert anew.status_code == 201
    assert anew.json()["event_id"] != first["event_id"]


def test_a_change_that_lost_its_claim_is_not_made(as_: As, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer is kept in the transaction of the change: without the one there is not the other."""
    client = as_()
    monkeypatch.setattr("duetime.store.idempotent_answer_table.IdempotentAnswerTable.keep", lambda *_, **__: False)
    assert client.post(EVENTS, json=WANTED, headers=KEY).status_code == 409
    assert client.get(EVENTS).json()["items"] == []


def _forget_answer(scene: Scene) -> None:
    from sqlalchemy import update

    from duetime.store.access_tables import idempotent_answers

    with scene.store.engine.begin() as connection:
        connection.execute(update(idempotent_answers).values(http_status=None, headers=None, body=None))


class Slow:
    """A route whose handler waits until it is told to go on, and counts how often it ran."""

    def __init__(self, web: FastAPI) -> None:
        self.ran = 0
        self.began, self.go_on = threading.Event(), threading.Event()
        self.error: Exception | None = None
        router = APIRouter(route_class=ApiRoute)
        router.post("/slow", dependencies=[needs(Feature.EVENTS)])(self.slow)
        router.post("/secret", dependencies=[needs(Feature.EVENTS), tells_secret()])(self.secret)
        web.include_router(router)

    def slow(self, part: int = 0) -> dict[str, int]:
        del part
        self.ran += 1
        self.began.set()
        self.go_on.wait(10)
        if self.error is not None:
            raise self.error
        return {"ran": self.ran}

    def secret(self) -> dict[str, str]:
        self.ran += 1
        return {"key": "very secret"}


@pytest.fixture
def slow(web: FastAPI) -> Slow:
    return Slow(web)


def test_of_two_at_once_one_runs(web: FastAPI, slow: Slow, as_: As) -> None:
    client = as_()
    answers: list[int] = []
    with TestClient(web) as other:
        first = threading.Thread(target=lambda: answers.append(other.post("/slow", headers=KEY).status_code))
        first.start()
        assert slow.began.wait(10)
        second = client.post("/slow", headers=KEY)
        slow.go_on.set()
        first.join(10)
    assert (second.status_code, second.json()["type"], second.headers["retry-after"]) == (
        409,
        "urn:duetime:KeyInUse",
        "1",
    )
    assert answers == [200]
    assert client.post("/slow", headers=KEY).json() == {"ran": 1}
    assert slow.ran == 1


@pytest.mark.parametrize(
    ("error", "status"),
    [(Invalid("No."), 422), (DatabaseUnavailable("gone", remedy="Wait."), 503)],
)
def test_what_failed_may_be_repeated(slow: Slow, as_: As, error: Exception, status: int) -> None:
    client = as_()
    slow.go_on.set()
    slow.error = error
    assert client.post("/slow", headers=KEY).status_code == status
    slow.error = None
    assert client.post("/slow", headers=KEY).json() == {"ran": 2}


@pytest.mark.parametrize("address", ["/secret", "/slow?part=1"])
def test_the_address_is_part_of_the_request(slow: Slow, as_: As, address: str) -> None:
    client = as_()
    slow.go_on.set()
    client.post("/slow", headers=KEY)
    assert client.post(address, headers=KEY).json()["type"] == "urn:duetime:KeyReused"
    assert slow.ran == 1


def test_a_secret_is_not_kept(slow: Slow, as_: As, scene: Scene) -> None:
    from sqlalchemy import select

    from duetime.store.access_tables import idempotent_answers

    client = as_()
    assert client.post("/secret", headers=KEY).json() == {"key": "very secret"}
    again = client.post("/secret", headers=KEY)
    assert (again.status_code, again.json()["type"], slow.ran) == (409, "urn:duetime:AnswerNotKept", 1)
    with scene.store.engine.connect() as connection:
        assert "very secret" not in str(connection.execute(select(idempotent_answers)).all())


def test_without_a_key_nothing_is_kept(as_: As, scene: Scene) -> None:
    from sqlalchemy import select

    from duetime.store.access_tables import idempotent_answers

    client = as_()
    assert client.post(EVENTS, json=WANTED).json()["event_id"] != client.post(EVENTS, json=WANTED).json()["event_id"]
    client.get(EVENTS, headers=KEY)
    with scene.store.engine.connect() as connection:
        assert connection.execute(select(idempotent_answers)).all() == []
