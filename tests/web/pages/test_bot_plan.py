import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.web.conftest import ADMIN, As, visitor
from tests.web.pages.markup import Markup
from tests.web.pages.world import HERE, World

from duetime.bots.plan import BotPlan
from duetime.core.registry import BUILTIN
from duetime.core.statuses import EventStatus
from duetime.store.event_table import EventQuery
from duetime.web.bot_planning import plan_for

PATIENCE = 30


def _plan(client: TestClient, name: str) -> str:
    """Ask for a plan and return where it is shown."""
    answer = client.post(f"/bots/{name}/plan", follow_redirects=False)
    assert answer.status_code == 303
    return answer.headers["location"]


def test_a_plan_says_what_a_run_would_do_and_does_nothing(world: World, as_: As) -> None:
    with world.app.store.write() as tx:
        bot = tx.bots.by_name("nightly-stop")
        before = tx.events.find(EventQuery(bot_id=bot.bot_id))
        tx.verbs.cancel(max(event.event_id for event in before), actor="test", reason="")
    client = as_(visitor(HERE))
    path = _plan(client, "nightly-stop")
    page = Markup(client.get(path).text)
    assert "4 resources match" in page.text
    assert "Would schedule 1 Would keep 3 Would replace 0 Would cancel 0" in page.text
    assert "a bot that" not in page.text
    assert "Opposite wishes for" in page.text
    assert "everywhere" not in page.text  # it looks for the same resources, and at other accounts too
    assert "everywhere" in Markup(as_(ADMIN).get(_plan(as_(ADMIN), "nightly-stop")).text).text
    with world.app.store.read() as tx:
        after = tx.events.find(EventQuery(bot_id=bot.bot_id, statuses=(EventStatus.SCHEDULED,)))
    assert len(after) == 4  # three pending ones, and its own next run


def test_a_plan_that_takes_long_shows_its_progress(
    world: World, as_: As, web: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()

    def slowly(*arguments: object) -> BotPlan:
        go.wait(PATIENCE)
        return plan_for(world.app, ADMIN, "nightly-stop")

    monkeypatch.setattr("duetime.web.pages.bot_plan.plan_for", slowly)
    monkeypatch.setattr("duetime.web.pages.bot_plan._QUICK_SECONDS", 0)
    client = as_(ADMIN)
    path = _plan(client, "nightly-stop")
    page = Markup(client.get(path).text)
    assert "The plan is being made" in page.text
    part = next(attributes for _, attributes in page.elements if attributes.get("id") == "plan")
    assert part["hx-get"] == path
    assert path in page.links  # for those without scripts
    go.set()
    web.state.plans.look(path.rpartition("/")[2], who=ADMIN.actor, wait_seconds=PATIENCE)
    done = Markup(client.get(path).text)
    assert "4 resources match" in done.text
    assert not any("hx-get" in attributes for _, attributes in done.elements)


def test_a_plan_is_shown_to_who_asked_for_it_and_of_its_own_bot(world: World, as_: As) -> None:
    path = _plan(as_(ADMIN), "nightly-stop")
    other = as_(visitor(HERE)).get(path, follow_redirects=False)
    assert other.headers["location"] == "/bots/nightly-stop/plan?done=plan-gone"
    ticket = path.rpartition("/")[2]
    strange = as_(ADMIN).get(f"/bots/everywhere/plan/{ticket}", follow_redirects=False)
    assert strange.headers["location"] == "/bots/everywhere/plan"


def test_a_plan_that_cannot_be_made_says_why(world: World, as_: As) -> None:
    world.app.registries.filters.remove("duetime.filter.tag", owner=BUILTIN)
    page = Markup(as_(ADMIN).get(_plan(as_(ADMIN), "nightly-stop")).text).text
    assert "The plan could not be made" in page
    assert "duetime.filter.tag" in page


def test_stale_accounts_are_named(world: World, as_: As) -> None:
    with world.app.store.write() as tx:
        bot = tx.bots.by_name("nightly-stop")
        tx.bots.save(replace(bot.definition, max_inventory_age=timedelta(hours=1)))
    world.clock.move_to(world.clock.now() + timedelta(hours=2))
    page = Markup(as_(ADMIN).get(_plan(as_(ADMIN), "nightly-stop")).text).text
    assert "Accounts that are left out 10: its inventory is 2 h old" in page
