"""`/api/v1/runs`: what happened, for whom, as pages and as a stream."""

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.web.api.scene import LOG, STOP, Scene
from tests.web.conftest import ADMIN, As, visitor

from duetime.core.access import Feature, Grant, Grants, Role
from duetime.core.events import Run
from duetime.core.statuses import RunStatus
from duetime.store.page import Page, RunPlace
from duetime.store.run_table import RunQuery, RunTable
from duetime.testing.clock import ManualClock
from duetime.web.payloads import HIDDEN
from duetime.web.run_export import CHUNK, defused
from duetime.web.visitor import CameBy, Visitor

RUNS = "/api/v1/runs"


def path_of(run: Run) -> str:
    return f"{RUNS}/{run.run_id}"


def test_a_list_is_paged_to_its_end(scene: Scene, as_: As) -> None:
    made = [scene.run().run_id for _ in range(5)]
    client, seen, cursor = as_(), [], None
    for _ in range(5):
        page = client.get(RUNS, params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [item["run_id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == made[::-1]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"type": STOP}, {"a", "b"}),
        ({"status": ["failed", "lost"]}, {"b"}),
        ({"account": "A"}, {"a"}),
        ({"q": "OUT OF REACH"}, {"b"}),
        ({"since": "1h"}, {"a", "b", "log"}),
        ({"until": "1h"}, {"old"}),
        ({"since": "", "event": "", "account": ""}, {"a", "b", "log", "old"}),
    ],
)
def test_filters(scene: Scene, as_: As, clock: ManualClock, parameters: dict[str, Any], expected: set[str]) -> None:
    made = {"old": scene.run(None)}
    clock.move_to(clock.now() + timedelta(hours=2))
    made |= {
        "a": scene.run("A"),
        "b": scene.run("B", status=RunStatus.FAILED, reason="out of reach"),
        "log": scene.run(None),
    }
    names = {run.run_id: name for name, run in made.items()}
    answer = as_().get(RUNS, params=parameters)
    assert answer.status_code == 200, answer.text
    assert {names[item["run_id"]] for item in answer.json()["items"]} == expected
    lines = as_().get(f"{RUNS}/export", params={**parameters, "format": "jsonl"}).text.splitlines()
    assert {names[json.loads(line)["run_id"]] for line in lines} == expected


def test_a_run_has_an_etag(scene: Scene, as_: As) -> None:
    run, client = scene.run(), as_()
    answer = client.get(path_of(run))
    assert answer.json()["run_id"] == run.run_id
    assert client.get(path_of(run), headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


@pytest.mark.parametrize(
    "name",
    [
        "1/2026-01-31T19:00:00.000000Z/2",
        "1/2026-01-31T19:00:00/1",
        "1/yesterday/1",
        "1/0001-01-01T00:00:00+14:00/1",
        "1/9999-12-31T23:59:59-14:00/1",
    ],
)
def test_a_run_that_is_none(as_: As, name: str) -> None:
    assert as_().get(f"{RUNS}/{name}").status_code == 404


def test_a_viewer_of_one_account_sees_no_other(scene: Scene, as_: As) -> None:
    mine, theirs, nobodys = scene.run("A"), scene.run("B"), scene.run(None)
    client = as_(visitor("A", role=Role.EDITOR))
    assert [item["run_id"] for item in client.get(RUNS).json()["items"]] == [mine.run_id]
    for wanted in ({"account": "B"}, {"event": theirs.event_id}, {"resource": theirs.resource_id}):
        assert client.get(RUNS, params=wanted).json()["items"] == []
        assert client.get(f"{RUNS}/export", params={**wanted, "format": "jsonl"}).text == ""
    exported = client.get(f"{RUNS}/export").text
    assert mine.run_id in exported
    for run in (theirs, nobodys):
        assert run.run_id not in exported
        answer = client.get(path_of(run))
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:duetime:UnknownName")
        assert client.post(f"{path_of(run)}/undo").status_code == 404


def test_results_are_for_those_who_may_see_payloads(scene: Scene, as_: As) -> None:
    run = scene.run("A")
    scene.set_run(run, result='{"found": 17, "token": "abc123"}')
    who = visitor("A", payloads=True)
    seen = as_(who).get(path_of(run)).json()["result"]
    assert json.loads(seen) == {"found": 17, "token": "[redacted]"}
    for path in (path_of(run), RUNS, f"{RUNS}/export"):
        answer = as_(visitor("A")).get(path).text
        assert "17," not in answer.replace(str(run.event_id), "")
        assert HIDDEN in answer


class TestExport:
    """A stream of any length."""

    def test_csv(self, scene: Scene, as_: As) -> None:
        made = [scene.run("A", reason=f'said "{number}", twice\nand more').run_id for number in range(3)]
        answer = as_().get(f"{RUNS}/export")
        assert answer.headers["content-type"].startswith("text/csv; charset=utf-8")
        name = answer.headers["content-disposition"]
        assert name.startswith('attachment; filename="duetime-runs-')
        assert name.endswith('Z.csv"')
        assert answer.text.split("\r\n")[0].startswith("run_id,event_id,due_at,")
        rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
        assert [row["run_id"] for row in rows] == made[::-1]
        assert rows[0]["reason"] == 'said "2", twice\nand more'
        assert (rows[0]["final"], rows[0]["started_at"]) == ("true", "")

    @pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n", "  ="])
    def test_no_cell_is_a_formula(self, scene: Scene, as_: As, begin: str) -> None:
        reason = f"{begin}HYPERLINK(1)"
        scene.run("A", reason=reason)
        (row,) = csv.DictReader(io.StringIO(as_().get(f"{RUNS}/export").text, newline=""))
        assert row["reason"].startswith("'")
        assert row["reason"].endswith("HYPERLINK(1)")
        line = as_().get(f"{RUNS}/export", params={"format": "jsonl"}).text
        assert not json.loads(line)["reason"].startswith("'")

    def test_numbers_stay_numbers(self) -> None:
        assert [defused(each) for each in (-1, 2.5, True, None, "", "-1")] == ["-1", "2.5", "true", "", "", "'-1"]

    def test_more_than_a_chunk(self, scene: Scene, as_: As, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("duetime.web.run_export.CHUNK", 3)
        made = [scene.run("A").run_id for _ in range(8)]
        lines = as_().get(f"{RUNS}/export", params={"format": "jsonl"}).text.splitlines()
        assert [json.loads(line)["run_id"] for line in lines] == made[::-1]
        assert len(as_().get(f"{RUNS}/export").text.split("\r\n")) == 8 + 2

    def test_only_a_chunk_is_held_at_a_time(self, scene: Scene, as_: As, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[int] = []
        page = RunTable.page

        def counting(table: RunTable, query: RunQuery) -> Page[Run, RunPlace]:
            asked.append(query.most)
            return page(table, query)

        monkeypatch.setattr(RunTable, "page", counting)
        scene.run("A")
        assert as_().get(f"{RUNS}/export").status_code == 200
        assert asked == [CHUNK]

    def test_what_is_wrong_is_an_answer(self, as_: As) -> None:
        for wrong in ({"since": "yesterday"}, {"format": "xml"}, {"limit": 5}, {"bot": "\x00"}):
            assert as_().get(f"{RUNS}/export", params=wrong).status_code == 422


class TestUndo:
    """Taking back what a run did."""

    @staticmethod
    def undoable(scene: Scene) -> Run:
        run = scene.run("A")
        scene.note(run, {"undo": {"event_type": "divvy.start_resource", "args": {}}})
        return run

    def test_it_is_an_event_of_its_own(self, scene: Scene, as_: As) -> None:
        run = self.undoable(scene)
        answer = as_().post(f"{path_of(run)}/undo", json={"in": "1h", "reason": "wrong one"})
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert body["is_new"]
        assert (body["event"]["event_type"], body["event"]["parent_id"]) == ("divvy.start_resource", run.event_id)
        assert not as_().post(f"{path_of(run)}/undo").json()["is_new"]
        shown = as_().get(path_of(run)).json()
        assert shown["undone_by"] == body["event"]["event_id"]

    def test_the_user_of_the_login_must_be_allowed_it(self, scene: Scene, as_: As) -> None:
        run = self.undoable(scene)
        who = replace(ADMIN, user_resource_id="divvyuser:7")
        with scene.store.write() as tx:
            tx.users.add("divvyuser:7", event_types=["divvy.stop_*"])
        refused = as_(who).post(f"{path_of(run)}/undo")
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:duetime:NotAllowed")
        assert as_().get(path_of(run)).json()["undone_by"] is None
        with scene.store.write() as tx:
            tx.users.allow("divvyuser:7", ["divvy.start_*"])
        event_id = as_(who).post(f"{path_of(run)}/undo").json()["event"]["event_id"]
        assert scene.client.get(event_id).user_resource_id == "divvyuser:7"

    def test_what_cannot_be_undone(self, scene: Scene, as_: As) -> None:
        run = scene.run("A", event_type=LOG, args={"message": "hello"})
        assert as_().post(f"{path_of(run)}/undo").status_code == 409

    def test_it_needs_an_editor_of_the_account(self, scene: Scene, as_: As) -> None:
        run = self.undoable(scene)
        assert as_(visitor("A")).post(f"{path_of(run)}/undo").status_code == 403
        grants = Grants((Grant(Feature.HISTORY, Role.VIEWER), Grant(Feature.EVENTS, Role.EDITOR, frozenset({"B"}))))
        elsewhere = Visitor(login="b", login_id=5, grants=grants, came_by=CameBy.API_KEY)
        assert as_(elsewhere).post(f"{path_of(run)}/undo").status_code == 403
        assert as_(visitor("A", role=Role.EDITOR)).post(f"{path_of(run)}/undo").status_code == 200

    def test_a_time_that_is_said_twice(self, scene: Scene, as_: As) -> None:
        run = self.undoable(scene)
        twice = {"in": "1h", "at": "2031-01-31T19:00:00Z"}
        assert as_().post(f"{path_of(run)}/undo", json=twice).status_code == 422
