"""Whose name is not seen: bots that look beyond a visitor's accounts, though what they ask for lies within."""

from typing import Any

import pytest
from tests.web.api.scene import Scene
from tests.web.conftest import ADMIN, As, visitor

from duetime.bots.lifecycle import apply_bot
from duetime.core.bots import BotDefinition, Scope

SECRET, OWN = "takeover-of-b", "cleaner-of-a"


@pytest.fixture
def bots(scene: Scene) -> dict[str, int]:
    """A bot of accounts A and B and one of A alone, each with an event and a run in A."""
    numbers: dict[str, int] = {}
    for name, accounts in ((SECRET, ("A", "B")), (OWN, ("A",))):
        bot = apply_bot(scene.client, BotDefinition(name, scope=Scope(accounts=accounts))).bot
        scene.set(scene.event("A").event_id, bot_id=bot.bot_id)
        scene.set_run(scene.run("A"), bot_id=bot.bot_id)
        numbers[name] = bot.bot_id
    return numbers


@pytest.mark.parametrize("path", ["events", "runs", "upcoming", "runs/export", "statistics/runs?by=bot"])
def test_a_name_is_shown_to_those_who_see_the_bot(bots: dict[str, int], as_: As, path: str) -> None:
    shown = as_(visitor("A")).get(f"/api/v1/{path}").text
    assert OWN in shown
    assert SECRET not in shown
    assert SECRET in as_(ADMIN).get(f"/api/v1/{path}").text


@pytest.mark.parametrize("path", ["events", "runs", "upcoming", "runs/export", "statistics/runs"])
def test_nobody_learns_by_a_filter_that_it_is_there(bots: dict[str, int], as_: As, path: str) -> None:
    client = as_(visitor("A"))
    hidden, missing = (client.get(f"/api/v1/{path}", params={"bot": name}) for name in (SECRET, "nobody"))
    assert (hidden.status_code, missing.status_code) == (404, 404)
    assert hidden.json()["detail"].replace(SECRET, "nobody") == missing.json()["detail"]
    assert client.get(f"/api/v1/{path}", params={"bot": OWN}).status_code == 200


def test_a_filter_finds_what_the_bot_asked_for(bots: dict[str, int], as_: As) -> None:
    def found(path: str) -> list[Any]:
        return [item["bot"] for item in as_(ADMIN).get(f"/api/v1/{path}", params={"bot": SECRET}).json()["items"]]

    assert found("events") == [SECRET]
    assert found("runs") == [SECRET]
    assert found("upcoming") == [SECRET]


def test_opposite_wishes_do_not_name_it(bots: dict[str, int], scene: Scene, as_: As) -> None:
    stop = scene.event("A")
    scene.set(scene.event("A", event_type="divvy.start_resource").event_id, bot_id=bots[SECRET])
    path = f"/api/v1/events/{stop.event_id}/explanation"
    assert f"of bot {SECRET}" in as_(ADMIN).get(path).text
    hidden = as_(visitor("A")).get(path)
    assert SECRET not in hidden.text
    assert len(hidden.json()["conflicts"]) == 1
