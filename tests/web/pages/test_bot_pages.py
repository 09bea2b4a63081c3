from dataclasses import replace
from datetime import timedelta

import pytest
from tests.web.conftest import ADMIN, As, visitor
from tests.web.pages.markup import Markup
from tests.web.pages.world import HERE, THERE, World

from duetime.bots.planned_run import request_run
from duetime.core.access import Feature, Grant, Grants, Role
from duetime.core.bots import BotStatus
from duetime.core.statuses import EventStatus
from duetime.store.audit_query import AuditQuery
from duetime.store.event_table import EventQuery


def test_the_list_says_when_each_bot_runs_next_and_what_came_of_its_last_run(world: World, as_: As) -> None:
    page = Markup(as_(ADMIN).get("/bots").text).text
    assert "nightly-stop Stops development instances running every day at 19:00 Europe/Berlin" in page
    assert "succeeded now 4" in page  # its last run, and how many events it has pending
    assert "weekend paused" in page
    assert "old-one" not in page
    assert "old-one" in Markup(as_(ADMIN).get("/bots", params={"status": "ARCHIVED"}).text).text


def test_a_bot_is_offered_what_a_visitor_may_have_done_as_it_stands(world: World, as_: As) -> None:
    def offered(who: object, name: str) -> set[str]:
        links = Markup(as_(who).get(f"/bots/{name}").text).links
        verbs = ("run", "pause", "resume", "edit", "archive")
        return {verb for verb in verbs if f"/bots/{name}/{verb}" in links}

    assert offered(ADMIN, "nightly-stop") == {"run", "pause", "edit", "archive"}
    assert offered(visitor(HERE, role=Role.EDITOR), "nightly-stop") == {"run", "pause", "edit"}
    assert offered(visitor(HERE), "nightly-stop") == set()
    assert offered(ADMIN, "weekend") == {"resume", "edit", "archive"}
    assert offered(ADMIN, "old-one") == set()


def test_what_is_not_offered_is_refused_too(world: World, as_: As) -> None:
    viewer, editor = as_(visitor(HERE)), visitor(HERE, role=Role.EDITOR)
    for verb in ("run", "pause", "resume", "edit", "archive", "versions/1/activate"):
        assert viewer.post(f"/bots/nightly-stop/{verb}", follow_redirects=False).status_code == 403
        assert viewer.get(f"/bots/nightly-stop/{verb}", follow_redirects=False).status_code == 403
    assert as_(editor).post("/bots/nightly-stop/archive", follow_redirects=False).status_code == 403
    assert as_(ADMIN).post("/bots/old-one/run", follow_redirects=False).status_code == 409


def test_pausing_says_before_what_becomes_of_pending_events(world: World, as_: As) -> None:
    client = as_(ADMIN)
    asked = Markup(client.get("/bots/nightly-stop/pause").text).text
    assert "Now that would keep 4." in asked
    assert "Now that would pause 4." in asked
    assert "Now that would cancel 4." in asked
    answer = client.post(
        "/bots/nightly-stop/pause", data={"pending": "cancel", "reason": "holidays"}, follow_redirects=False
    )
    assert answer.status_code == 303
    assert answer.headers["location"] == "/bots/nightly-stop?done=bot-paused"
    with world.app.store.read() as tx:
        bot = tx.bots.by_name("nightly-stop")
        cancelled = tx.events.find(EventQuery(bot_id=bot.bot_id, statuses=(EventStatus.CANCELLED,)))
        entry = tx.audit.page(AuditQuery(subject=f"bot:{bot.bot_id}", most=1)).rows[0]
    assert bot.status is BotStatus.PAUSED
    assert len(cancelled) == 4
    assert (entry.verb, entry.reason, entry.actor) == ("bot.pause", "holidays", ADMIN.actor)
    assert "holidays" in Markup(client.get("/bots/nightly-stop/changes").text).text


def test_resuming_and_archiving_do_what_they_say(world: World, as_: As) -> None:
    client = as_(ADMIN)
    assert client.post("/bots/weekend/resume", follow_redirects=False).status_code == 303
    assert "it never runs again" in Markup(client.get("/bots/weekend/archive").text).text
    assert client.post("/bots/weekend/archive", data={"reason": "done"}, follow_redirects=False).status_code == 303
    with world.app.store.read() as tx:
        assert tx.bots.by_name("weekend").status is BotStatus.ARCHIVED


def test_running_a_bot_leads_to_its_event_or_back_to_the_bot(world: World, as_: As) -> None:
    answer = as_(ADMIN).post("/bots/nightly-stop/run", follow_redirects=False)
    assert answer.headers["location"].startswith("/events/")
    editor = visitor(HERE, role=Role.EDITOR)
    answer = as_(editor).post("/bots/nightly-stop/run", follow_redirects=False)
    assert answer.headers["location"] == "/bots/nightly-stop?done=bot-run"
    assert "A run of the bot is due now." in Markup(as_(editor).get(answer.headers["location"]).text).text


def test_versions_say_what_each_changed_and_an_earlier_one_becomes_active(world: World, as_: As) -> None:
    client = as_(ADMIN)
    page = Markup(client.get("/bots/nightly-stop/versions", params={"before": 1, "after": 3}).text).text
    assert "3 active" in page
    assert "severity medium high" in page
    assert "notes nothing Ask the blue team first." in page
    asked = Markup(client.get("/bots/nightly-stop/versions/1/activate").text).text
    assert "severity high medium" in asked
    answer = client.post("/bots/nightly-stop/versions/1/activate", follow_redirects=False)
    assert answer.headers["location"] == "/bots/nightly-stop?done=bot-activated"
    with world.app.store.read() as tx:
        assert tx.bots.by_name("nightly-stop").version == 4
        assert tx.bots.by_name("nightly-stop").definition.notes == ""


def test_a_definition_shows_no_secrets_to_those_who_may_not_change_it(world: World, as_: As) -> None:
    with world.app.store.write() as tx:
        bot = tx.bots.by_name("nightly-stop")
        use = bot.definition.actions[0]
        secret = type(use)(use.uid, {**use.settings, "args": {"api_token": "s3cret-thing"}})
        changed = type(bot.definition)(
            **{name: getattr(bot.definition, name) for name in bot.definition.__dataclass_fields__}
            | {"actions": (secret,)}
        )
        tx.bots.save(changed)
    for path in ("", "?form=json", "/versions"):
        assert "s3cret-thing" not in as_(visitor(HERE)).get(f"/bots/nightly-stop{path}").text
        assert "s3cret-thing" in as_(visitor(HERE, role=Role.EDITOR)).get(f"/bots/nightly-stop{path}").text


def test_lists_of_a_bot_are_paged(world: World, as_: As, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("duetime.web.pages.bot._PER_PAGE", 2)
    for _ in range(3):
        request_run(world.app.client, "nightly-stop")
        world.work()
    client = as_(ADMIN)
    for part in ("events", "history", "changes"):
        seen: list[str] = []
        path: str | None = f"/bots/nightly-stop/{part}"
        while path is not None:
            page = Markup(client.get(path).text)
            seen.append(page.text)
            path = next((str(a["href"]) for name, a in page.elements if name == "a" and a.get("rel") == "next"), None)
        assert len(seen) > 1
        assert len(set(seen)) == len(seen)


def test_a_visitor_of_bots_alone_sees_neither_events_nor_history(world: World, as_: As) -> None:
    client = as_(visitor(feature=Feature.BOTS))
    links = Markup(client.get("/bots/nightly-stop").text).links
    assert "/bots/nightly-stop/events" not in links
    assert "/bots/nightly-stop/history" not in links
    assert client.get("/bots/nightly-stop/events").status_code == 403
    assert client.get("/bots/nightly-stop/history").status_code == 403
    assert "succeeded" not in Markup(client.get("/bots").text).text


def test_a_missed_beat_is_said_before_a_bot_is_run(world: World, as_: As) -> None:
    world.clock.move_to(world.clock.now() + timedelta(minutes=5))
    assert "No worker is alive" in Markup(as_(ADMIN).get("/bots/nightly-stop/run").text).text


def test_a_last_run_is_told_to_those_who_see_the_history_of_all_that_the_bot_looks_at(world: World, as_: As) -> None:
    grants = (Grant(Feature.BOTS, Role.VIEWER), Grant(Feature.HISTORY, Role.VIEWER, frozenset({THERE})))
    somebody = replace(visitor(), grants=Grants(grants))
    assert "succeeded" not in Markup(as_(somebody).get("/bots/nightly-stop").text).text
