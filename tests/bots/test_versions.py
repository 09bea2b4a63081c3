import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from tests.bots.conftest import StandingClock
from tests.bots.test_document import DEFINITIONS

from duetime.bots.definition import to_document
from duetime.bots.lifecycle import apply_bot, archive_bot
from duetime.bots.versions import Difference, activate_version, compare, compare_text
from duetime.core.bots import ActionUse, BotDefinition, FilterUse, Scope
from duetime.core.errors import Conflict, UnknownName
from duetime.core.event_types import EventType
from duetime.core.events import Event
from duetime.schedule import Daily
from duetime.scheduling.client import Client
from duetime.store.audit_table import AuditEntry

FIRST = BotDefinition(
    "nightly",
    scope=Scope(regions=("eu", "us")),
    filters=(FilterUse("tag", {"key": "env", "values": ["dev"]}), FilterUse("state", {"values": ["running"]})),
    actions=(ActionUse("stop", {"after": "8h"}),),
    schedule=Daily("18:00"),
)
SECOND = replace(
    FIRST,
    description="Stops.",
    scope=Scope(regions=("eu", "ap")),
    filters=(FilterUse("age"), FIRST.filters[0], FilterUse("state", {"values": ["running", "idle"]})),
    actions=(ActionUse("stop", {"after": "8h"}, on_match=False),),
    schedule=None,
)


def test_what_differs_is_told_key_by_key() -> None:
    assert compare(FIRST, SECOND) == (
        Difference("scope.regions[1]", "us", "ap"),
        Difference("filters[0]", None, {"uid": "age"}),
        Difference("filters[2].settings.values[1]", None, "idle"),
        Difference("actions[0].on", None, "no-match"),
        Difference("schedule", {"_type": "daily", "version": 1, "time_of_day": "18:00"}, None),
        Difference("description", None, "Stops."),
    )
    assert compare(SECOND, FIRST)[2] == Difference("filters[0]", {"uid": "age"}, None)


def test_a_number_is_not_the_truth_value_that_equals_it() -> None:
    one, yes = (replace(FIRST, actions=(ActionUse("a", {"x": value}),)) for value in (1, True))
    assert compare(one, yes) == (Difference("actions[0].settings.x", 1, True),)


def test_what_differs_is_shown_as_a_diff_of_the_texts() -> None:
    text = compare_text(FIRST, replace(FIRST, schedule=Daily("19:00")), names=("version 1", "version 2"))
    assert text.startswith("--- version 1\n+++ version 2\n@@")
    assert "-  time_of_day: '18:00'\n+  time_of_day: '19:00'\n" in text
    assert compare_text(FIRST, FIRST, names=("a", "b")) == ""


@given(DEFINITIONS, DEFINITIONS)
def test_only_equal_definitions_have_no_difference(one: BotDefinition, other: BotDefinition) -> None:
    assert compare(one, one) == ()
    documents = [json.dumps(to_document(each)) for each in (one, other)]  # for Python, 1 equals true
    differ = documents[0] != documents[1]
    assert bool(compare(one, other)) == differ == bool(compare_text(one, other, names=("before", "after")))


@pytest.fixture
def two_versions(client: Client) -> None:
    with client.store.write() as tx:
        tx.event_types.publish([EventType("duetime.run_bot", plugin="builtin")])
    apply_bot(client, FIRST, actor="me")
    apply_bot(client, SECOND, actor="me")


@pytest.mark.usefixtures("two_versions")
def test_an_earlier_version_becomes_the_active_one_as_a_new_version(
    client: Client, events: Callable[[], list[Event]], clock: StandingClock
) -> None:
    assert [event.status for event in events()] == ["cancelled"]
    applied = activate_version(client, "nightly", 1, actor="me")
    assert (applied.bot.version, applied.bot.definition, applied.is_changed) == (3, FIRST, True)
    with client.store.read() as tx:
        assert [(each.version, each.definition, each.created_by) for each in tx.bots.versions("nightly")] == [
            (1, FIRST, "me"),
            (2, SECOND, "me"),
            (3, FIRST, "me"),
        ]
        entries: list[AuditEntry] = [entry for entry in tx.audit.about("bot:1") if entry.verb == "bot.activate"]
    assert [(entry.actor, entry.after and entry.after["activates"]) for entry in entries] == [("me", 1)]
    (planned,) = (event for event in events() if event.status == "scheduled")
    assert (planned.event_type, planned.schedule) == ("duetime.run_bot", FIRST.schedule)
    assert planned.due_at > clock.now()


@pytest.mark.usefixtures("two_versions")
def test_what_is_active_already_stays_as_it_is(client: Client) -> None:
    assert not activate_version(client, "nightly", 2).is_changed
    with client.store.read() as tx:
        assert len(tx.bots.versions("nightly")) == 2


@pytest.mark.usefixtures("two_versions")
def test_an_archived_bot_and_a_version_that_is_not_there_are_refused(client: Client) -> None:
    with pytest.raises(UnknownName, match="no bot 'nightly' with version 9"):
        activate_version(client, "nightly", 9)
    archive_bot(client, "nightly")
    with pytest.raises(Conflict, match="archived"):
        activate_version(client, "nightly", 1)
