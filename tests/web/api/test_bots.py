"""`/api/v1/bots`."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.web.api.scene import Scene
from tests.web.conftest import ADMIN, As, visitor

from duetime.app.app import App
from duetime.bots.planned_run import RUN_BOT
from duetime.core.access import Feature, Role
from duetime.testing.clock import ManualClock

BOTS = "/api/v1/bots"


def document(name: str = "nightly", *accounts: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "description": "Stops what runs at night",
        **({"scope": {"accounts": list(accounts), "resource_types": ["instance"]}} if accounts else {}),
        "filters": [{"uid": "duetime.filter.state", "settings": {"values": ["running"]}}],
        "actions": [
            {
                "uid": "duetime.action.schedule_event",
                "settings": {"event_type": "divvy.stop_resource", "after": "2h"},
            }
        ],
        **more,
    }


def editor(*accounts: str, role: Role = Role.EDITOR) -> Any:
    return visitor(*accounts, role=role, feature=Feature.BOTS)


def put(as_: As, name: str, *accounts: str, who: Any = ADMIN, **more: Any) -> Any:
    return as_(who).put(f"{BOTS}/{name}", json=document(name, *accounts, **more))


def test_a_bot_is_made_read_and_changed(as_: As) -> None:
    made = put(as_, "nightly", "A", schedule={"_type": "daily", "version": 1, "time_of_day": "19:00"})
    assert made.status_code == 201, made.text
    assert (made.json()["is_new"], made.json()["bot"]["version"]) == (True, 1)
    read = as_().get(f"{BOTS}/nightly")
    assert read.headers["etag"] == made.headers["etag"]
    assert read.json()["definition"]["scope"]["accounts"] == ["A"]
    assert "19:00" in read.json()["schedule_in_words"]
    assert as_().get(f"{BOTS}/nightly", headers={"If-None-Match": read.headers["etag"]}).status_code == 304
    changed = put(as_, "nightly", "A", "B")
    assert (changed.status_code, changed.json()["bot"]["version"]) == (200, 2)
    listed = as_().get(BOTS).json()["items"]
    assert [(bot["name"], bot["next_run_at"]) for bot in listed] == [("nightly", None)]


def test_a_bot_that_has_changed_is_not_overwritten(as_: As) -> None:
    etag = put(as_, "nightly", "A").headers["etag"]
    put(as_, "nightly", "A", notes="by somebody else")
    stale = as_().put(f"{BOTS}/nightly", json=document("nightly", "B"), headers={"If-Match": etag})
    assert (stale.status_code, stale.json()["type"]) == (412, "urn:duetime:PreconditionFailed")
    present = as_().get(f"{BOTS}/nightly").headers["etag"]
    assert as_().put(f"{BOTS}/nightly", json=document("nightly", "B"), headers={"If-Match": present}).status_code == 200
    taken = as_().put(f"{BOTS}/nightly", json=document("nightly", "A"), headers={"If-None-Match": "*"})
    assert taken.status_code == 412
    absent = as_().put(f"{BOTS}/other", json=document("other", "A"), headers={"If-Match": "*"})
    assert absent.status_code == 412


def test_yaml_with_problems_says_where_each_is(as_: As) -> None:
    text = "name: nightly\nfilters:\n  - uid: duetime.filter.stat\nactions:\n  - uid: nobody\n"
    refused = as_().post(BOTS, content=text, headers={"Content-Type": "application/yaml"})
    assert refused.status_code == 422
    assert [(each["line"], each["column"]) for each in refused.json()["faults"]] == [(3, 10), (5, 10)]
    assert "did you mean duetime.filter.state" in refused.json()["faults"][0]["problem"]
    said = as_(visitor()).post(f"{BOTS}/validate", content=text).json()
    assert (said["valid"], said["bots"], len(said["problems"])) == (False, ["nightly"], 2)
    assert as_().get(BOTS).json()["items"] == []


def test_the_body_must_be_the_bot_of_the_address(as_: As) -> None:
    answer = as_().put(f"{BOTS}/nightly", json=document("weekly"))
    assert (answer.status_code, "'weekly'" in answer.json()["detail"]) == (422, True)
    assert as_().post(BOTS, content=b"\xff").status_code == 422


def test_several_bots_are_applied_together_or_not_at_all(as_: As) -> None:
    both = {"bots": [document("one"), document("two")]}
    assert [each["bot"]["name"] for each in as_().post(BOTS, json=both).json()["bots"]] == ["one", "two"]
    wrong = {"bots": [document("three"), document("four", filters=[{"uid": "no.such"}])]}
    assert as_().post(BOTS, json=wrong).status_code == 422
    assert as_().get(f"{BOTS}/three").status_code == 404


def test_what_becomes_of_pending_events_is_previewed_and_done(scene: Scene, as_: As) -> None:
    put(as_, "nightly", "A")
    with scene.store.read() as tx:
        bot_id = tx.bots.by_name("nightly").bot_id
    event = scene.event("A")
    scene.set(event.event_id, bot_id=bot_id)
    changed = document("nightly", "A", notes="anew")
    path = f"{BOTS}/nightly"
    would = as_().put(path, json=changed, params={"pending": "cancel", "preview": True}).json()
    assert (would["is_preview"], would["pending"]["cancelled"], would["bot"]["version"]) == (True, 1, 2)
    assert scene.client.get(event.event_id).status == "scheduled"
    kept = as_().put(path, json=changed).json()
    assert (kept["pending"]["kept"], kept["pending"]["cancelled"]) == (1, 0)
    paused = as_().post(f"{path}/pause", json={"pending": "pause", "reason": "for now"}).json()
    assert (paused["bot"]["status"], paused["pending"]["paused"]) == ("PAUSED", 1)
    assert as_().post(f"{path}/resume", params={"preview": True}).json()["bot"]["status"] == "PAUSED"
    assert as_().post(f"{path}/resume").json()["bot"]["status"] == "RUNNING"
    assert as_().post(f"{path}/archive", params={"preview": True}).json()["bot"]["status"] == "RUNNING"
    assert as_().post(f"{path}/archive").json()["bot"]["status"] == "ARCHIVED"
    assert as_().post(f"{path}/pause").status_code == 409
    assert as_().post(f"{path}/pause", json={"pending": "re-evaluate"}).status_code == 422


def test_a_run_is_only_scheduled_and_says_where_to_watch(as_: As) -> None:
    put(as_, "night/ly", "A")  # a name may hold anything
    asked = as_().post(f"{BOTS}/night/ly/run")
    assert (asked.status_code, asked.json()["status"]) == (202, "scheduled")
    seen = as_().get(asked.headers["location"])
    assert (seen.status_code, seen.json()["event_id"]) == (200, asked.json()["event_id"])
    assert as_().get(f"{BOTS}/night/ly/runs").json()["items"] == []
    put(as_, "other", "A")
    assert as_().get(f"{BOTS}/other/runs/{asked.json()['event_id']}").status_code == 404
    as_().post(f"{BOTS}/other/pause")
    assert as_().post(f"{BOTS}/other/run").status_code == 409


def test_versions_are_listed_compared_and_activated(as_: As) -> None:
    put(as_, "nightly", "A")
    put(as_, "nightly", "A", notes="anew")
    newest, first = as_().get(f"{BOTS}/nightly/versions").json()
    assert (newest["version"], newest["changed"], newest["is_active"]) == (2, ["notes"], True)
    assert (first["changed"], first["created_by"]) == (None, "api:admin/test")
    compared = as_().get(f"{BOTS}/nightly/comparison", params={"before": 1}).json()
    assert compared["differences"] == [{"path": "notes", "before": None, "after": "anew"}]
    assert "+  notes: anew" in compared["diff"] or "+notes: anew" in compared["diff"]
    back = as_().post(f"{BOTS}/nightly/versions/1/activate").json()
    assert (back["bot"]["version"], "notes" in back["bot"]["definition"]) == (3, False)
    assert as_().post(f"{BOTS}/nightly/versions/9/activate").status_code == 404


def test_a_plan_says_what_a_run_would_do(scene: Scene, as_: As) -> None:
    scene.resource("A")
    put(as_, "nightly", "A")
    progress = as_().post(f"{BOTS}/nightly/plans", params={"wait": 5}).json()
    assert progress["state"] == "done", progress
    assert [event["effect"] for event in progress["plan"]["events"]] == ["schedule"]
    assert as_().get(progress["watch"]).json()["plan"]["matches"] == 1
    assert as_(editor("A")).get(progress["watch"]).status_code == 404  # somebody else asked for it


def test_a_plan_is_not_shown_to_another_key_of_the_same_login(as_: As) -> None:
    put(as_, "nightly", "A")
    ticket = as_().post(f"{BOTS}/nightly/plans").json()["ticket"]
    assert as_().get(f"{BOTS}/nightly/plans/{ticket}").status_code == 200
    assert as_(replace(ADMIN, key_prefix="narrow")).get(f"{BOTS}/nightly/plans/{ticket}").status_code == 404


def test_what_is_exported_can_be_applied_again(as_: As) -> None:
    put(as_, "nightly", "A")
    exported = as_().get(f"{BOTS}/nightly/document")
    assert exported.headers["content-type"].startswith("application/yaml")
    again = as_().post(BOTS, content=exported.content)
    assert again.json()["bots"][0]["is_changed"] is False
    assert as_().get(f"{BOTS}/nightly/document", params={"form": "older"}).json()["instructions"]
    assert as_(visitor("A")).get(f"{BOTS}/nightly/document").status_code == 403


def test_a_name_is_never_taken_twice_by_one_key(as_: As) -> None:
    key = {"Idempotency-Key": "once"}
    first = as_().put(f"{BOTS}/nightly", json=document("nightly", "A"), headers=key)
    again = as_().put(f"{BOTS}/nightly", json=document("nightly", "A"), headers=key)
    assert (first.status_code, again.status_code, again.headers["idempotency-replayed"]) == (201, 201, "true")


READS = ["", "/versions", "/runs", "/document", "/comparison?before=1"]
CHANGES = ["/pause", "/resume", "/run", "/archive", "/plans", "/versions/1/activate", "/pause?preview=true"]


@pytest.mark.parametrize("whose", [("B",), ("A", "B"), ()], ids=["other", "more", "all"])
def test_a_bot_beyond_the_reach_is_not_there(as_: As, whose: tuple[str, ...]) -> None:
    put(as_, "theirs", *whose)
    client = as_(editor("A", role=Role.ADMIN))
    assert client.get(BOTS).json()["items"] == []
    for path in READS:
        answer, missing = client.get(f"{BOTS}/theirs{path}"), client.get(f"{BOTS}/nothere{path}")
        assert answer.status_code == missing.status_code == 404, path
        assert answer.json()["detail"] == missing.json()["detail"].replace("nothere", "theirs"), path
    for path in CHANGES:
        assert client.post(f"{BOTS}/theirs{path}").status_code == 404, path
    assert client.put(f"{BOTS}/theirs", json=document("theirs", "A")).json()["type"] == "urn:duetime:NameTaken"


def test_a_viewer_changes_nothing(as_: As) -> None:
    put(as_, "nightly", "A")
    client = as_(editor("A", role=Role.VIEWER))
    assert client.get(f"{BOTS}/nightly").status_code == 200
    for path in CHANGES:
        expected = 200 if path == "/plans" else 403
        assert client.post(f"{BOTS}/nightly{path}").status_code == expected, path
    assert client.put(f"{BOTS}/nightly", json=document("nightly", "A")).status_code == 403
    assert as_(editor("A")).post(f"{BOTS}/nightly/archive").status_code == 403


@pytest.mark.parametrize("accounts", [("B",), ("A", "B"), ()])
def test_a_scoped_editor_makes_bots_of_their_accounts_alone(as_: As, accounts: tuple[str, ...]) -> None:
    client = as_(editor("A"))
    refused = client.put(f"{BOTS}/mine", json=document("mine", *accounts))
    assert (refused.status_code, "scope" in refused.json()["detail"]) == (403, True)
    assert client.post(BOTS, json=document("mine", *accounts)).status_code == 403
    assert client.put(f"{BOTS}/mine", json=document("mine", "A")).status_code == 201
    assert client.put(f"{BOTS}/mine", json=document("mine", *accounts)).status_code == 403


def test_an_editor_of_one_account_and_viewer_of_all_moves_no_bot_out(as_: As) -> None:
    put(as_, "shared", "A", "B")
    client = as_(editor("A"))
    assert client.put(f"{BOTS}/shared", json=document("shared", "A")).status_code == 409


def test_versions_that_looked_elsewhere_are_not_shown(as_: As) -> None:
    put(as_, "moved", "B")
    put(as_, "moved", "A")
    client = as_(editor("A"))
    assert [each["version"] for each in client.get(f"{BOTS}/moved/versions").json()] == [2]
    assert client.get(f"{BOTS}/moved/comparison", params={"before": 1}).status_code == 404
    assert client.post(f"{BOTS}/moved/versions/1/activate").status_code == 404


def test_hints_name_nothing_beyond_the_reach(app: App, as_: As) -> None:
    with app.store.write() as tx:
        tx.groups.save("secret-group")
    wrong = document("mine", "A") | {"scope": {"accounts": ["A"], "groups": ["secret-grou"]}}
    said = as_(editor("A")).post(f"{BOTS}/validate", json=wrong)
    assert "secret-group" not in said.text
    assert "secret-group" in as_().post(f"{BOTS}/validate", json=wrong).text
    assert as_(editor("A")).put(f"{BOTS}/mine", json=wrong).status_code == 201
    planned = as_(editor("A")).post(f"{BOTS}/mine/plans", params={"wait": 5}).json()
    assert ("secret-grou'" in planned["problem"], "secret-group" in planned["problem"]) == (True, False)


def test_an_action_for_administrators_needs_one(app: App, as_: As) -> None:
    from duetime.bots.action import Action
    from duetime.core.registration import Entry, Kind

    action = Action(uid="test.admin", function=lambda *_: None, admin_only=True)
    app.registries.add(Entry(Kind.ACTION, action.uid, action), owner="test")
    said = document("strong", "A", actions=[{"uid": "test.admin"}])
    assert as_(editor("A")).put(f"{BOTS}/strong", json=said).status_code == 403
    assert as_(editor("A", role=Role.ADMIN)).put(f"{BOTS}/strong", json=said).status_code == 201
    # Nobody knows what an action of a plugin does when it is called, so that viewers do not have it called.
    progress = as_(visitor("A")).post(f"{BOTS}/strong/plans", params={"wait": 5}).json()
    assert (progress["state"], "role editor" in progress["problem"]) == ("failed", True)


@pytest.mark.parametrize(
    ("uid", "settings"),
    [
        ("duetime.action.schedule_event", {"event_type": "duetime.prune", "now": True, "args": {"days": 0}}),
        ("duetime.action.schedule_event", {"event_type": "duetime.run_bot", "now": True, "args": {"bot": "theirs"}}),
        ("duetime.action.schedule_event", {"event_type": "duetime.harvest", "now": True, "args": {"account": "B"}}),
        ("test.unseen", {"then": [{"event_type": "duetime.prune "}]}),
    ],
)
def test_a_bot_of_some_accounts_asks_for_nothing_beyond_them(as_: As, uid: str, settings: dict[str, Any]) -> None:
    put(as_, "theirs", "B")
    said = document("mine", "A", actions=[{"uid": uid, "settings": settings}])
    unseen = {"allow_unknown": True}
    for role in (Role.EDITOR, Role.ADMIN):
        client = as_(editor("A", role=role))
        refused = client.put(f"{BOTS}/mine", json=said, params=unseen)
        assert (refused.status_code, "acts on more than its resource" in refused.json()["detail"]) == (403, True)
        assert client.post(BOTS, json=said, params=unseen).status_code == 403
    assert as_(ADMIN).put(f"{BOTS}/mine", json=said, params=unseen).status_code == 201
    assert as_(editor("A")).put(f"{BOTS}/mine", json=document("mine", "A")).status_code == 200
    # What somebody else was allowed to write once is not brought back by those who may not write it.
    assert as_(editor("A")).post(f"{BOTS}/mine/versions/1/activate").status_code == 403


def test_an_action_that_nobody_has_loaded_may_be_for_administrators(as_: As) -> None:
    said = document("unseen", "A", actions=[{"uid": "test.unseen"}])
    refused = as_(editor("A")).put(f"{BOTS}/unseen", json=said, params={"allow_unknown": True})
    assert (refused.status_code, "nobody has loaded it" in refused.json()["detail"]) == (403, True)
    administrator = as_(editor("A", role=Role.ADMIN))
    assert administrator.put(f"{BOTS}/unseen", json=said, params={"allow_unknown": True}).status_code == 201


def test_runs_from_before_a_bot_moved_are_not_shown(scene: Scene, as_: As, clock: ManualClock) -> None:
    put(as_, "moved", "B")
    bot_id = as_().get(f"{BOTS}/moved").json()["bot_id"]

    def ran() -> int:
        run = scene.run(None, event_type=RUN_BOT, args={"bot": "moved"})
        scene.set(run.event_id, bot_id=bot_id)
        scene.set_run(run, bot_id=bot_id)
        return run.event_id

    before = ran()
    clock.move_to(clock.now() + timedelta(minutes=1))
    put(as_, "moved", "A")
    after = ran()
    for who, seen in ((editor("A"), [after]), (ADMIN, [after, before])):
        client = as_(who)
        assert [run["event_id"] for run in client.get(f"{BOTS}/moved/runs").json()["items"]] == seen
        answers = {event: client.get(f"{BOTS}/moved/runs/{event}").status_code for event in (before, after)}
        assert answers == {event: 200 if event in seen else 404 for event in (before, after)}


def test_a_login_that_stands_for_a_user_has_bots_act_for_that_user_alone(as_: As) -> None:
    who = replace(editor("A"), user_resource_id="divvyuser:7")
    for owner in ({}, {"owner": "divvyuser:1"}):
        refused = put(as_, "mine", "A", who=who, **owner)
        assert (refused.status_code, "divvyuser:7" in refused.json()["detail"]) == (403, True)
    assert put(as_, "mine", "A", who=who, owner="divvyuser:7").status_code == 201
    administrator = replace(editor("A", role=Role.ADMIN), user_resource_id="divvyuser:7")
    assert put(as_, "mine", "A", who=administrator, owner="divvyuser:1").status_code == 200


def test_pending_events_that_a_bot_left_in_other_accounts_stand(scene: Scene, as_: As) -> None:
    put(as_, "moved", "B")
    there = scene.event("B")
    scene.set(there.event_id, bot_id=as_().get(f"{BOTS}/moved").json()["bot_id"])
    put(as_, "moved", "A")
    client = as_(editor("A", role=Role.ADMIN))
    for preview in (True, False):
        for verb, body in (("pause", {"pending": "cancel"}), ("pause", {"pending": "pause"}), ("archive", {})):
            refused = client.post(f"{BOTS}/moved/{verb}", json=body, params={"preview": preview})
            assert (refused.status_code, "beyond its scope" in refused.json()["detail"]) == (403, True), verb
        changed = document("moved", "A", notes="other")
        sent = {"pending": "cancel", "preview": preview}
        assert client.put(f"{BOTS}/moved", json=changed, params=sent).status_code == 403
    assert client.post(f"{BOTS}/moved/pause", json={}).status_code == 200
    assert client.post(f"{BOTS}/moved/resume").status_code == 200
    assert as_().get(f"/api/v1/events/{there.event_id}").json()["status"] == "scheduled"
    assert as_().post(f"{BOTS}/moved/pause", json={"pending": "pause"}).json()["pending"]["paused"] == 1
    client = as_(editor("A", role=Role.ADMIN))
    assert client.post(f"{BOTS}/moved/resume").status_code == 403
    assert as_().post(f"{BOTS}/moved/archive").json()["pending"]["cancelled"] == 1
