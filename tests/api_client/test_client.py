"""The client, against a real server."""

import pytest
from tests.web.api.scene import LOG, Scene

from duetime.api_client import ApiClient, ApiProblem
from duetime.app.app import App

BOT = "name: nightly\nfilters:\n  - uid: duetime.filter.state\n    settings: {values: [running]}\n"


def test_events_are_scheduled_listed_steered_and_explained(client: ApiClient) -> None:
    made = client.schedule(LOG, delay="2h", args={"message": "hello"}, description="Say hello")
    assert client.event(made["event_id"])["status"] == "scheduled"
    assert [event["event_id"] for event in client.events(event_type=LOG, status=["scheduled"])] == [made["event_id"]]
    assert client.steer(made["event_id"], "pause", reason="for now")["status"] == "paused"
    assert client.explain(made["event_id"])
    bulk = client.steer_many([made["event_id"], 10**6], "cancel")
    assert (bulk["done"], [item["status"] for item in bulk["items"]]) == (1, [200, 404])


def test_a_list_is_followed_to_its_end(client: ApiClient, app: App) -> None:
    scene = Scene(app)
    made = [scene.event(None).event_id for _ in range(7)]
    assert [event["event_id"] for event in client.events(limit=3)] == made[::-1]


def test_history_is_listed_and_streamed(client: ApiClient, app: App) -> None:
    scene = Scene(app)
    runs = {scene.run("A").run_id for _ in range(3)}
    assert {run["run_id"] for run in client.runs(account="A", limit=2)} == runs
    assert {run["run_id"] for run in client.export_runs(account="A")} == runs
    assert list(client.export_runs(account="B")) == []
    with pytest.raises(ApiProblem, match="422"):
        list(client.export_runs(since="yesterday"))


def test_bots_are_applied_and_run(client: ApiClient) -> None:
    (preview,) = client.apply_bots(BOT, preview=True)
    assert (preview["is_preview"], list(client.bots())) == (True, [])
    (applied,) = client.apply_bots(BOT)
    assert (applied["is_new"], applied["bot"]["version"]) == (True, 1)
    bot, etag = client.bot("nightly")
    assert (bot["name"], etag[0]) == ("nightly", '"')
    run = client.run_bot("nightly")
    assert client.bot_run("nightly", run["event_id"])["status"] == "scheduled"
    with pytest.raises(ApiProblem) as refused:
        client.apply_bots("name: nightly\nfilter: []\n")
    assert [(fault["line"], fault["column"]) for fault in refused.value.faults] == [(2, 1)]


def test_a_problem_has_its_fields(client: ApiClient, url: str) -> None:
    with pytest.raises(ApiProblem) as missing:
        client.get("/event-types/duetime.lo")
    assert (missing.value.status, missing.value.kind) == (404, "UnknownName")
    assert "duetime.log" in missing.value.near
    with pytest.raises(ApiProblem, match="NotSignedIn"), ApiClient(url, "wrong") as nobody:
        nobody.get("/events")
    assert client.resources() is not None
    assert list(client.resources()) == []
