"""From a change in the cloud to the run of a bot: harvest, trigger, run, and what pending events become of it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from duetime.core.hooks import hookpoint
from duetime.core.registration import registering_with
from duetime.testing import Lab

STOP = "divvy.stop_resource"


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(now=datetime(2026, 1, 31, 12, tzinfo=UTC)) as lab:
        yield lab


def _schedule(event_type: str) -> dict[str, Any]:
    return {"uid": "duetime.action.schedule_event", "settings": {"event_type": event_type, "after": "2h"}}


def _bot(**given: Any) -> dict[str, Any]:
    return {
        "name": "tidy",
        "scope": {"resource_types": ["instance"]},
        "filters": [{"uid": "duetime.filter.tag_absent", "settings": {"key": "owner"}}],
        "actions": [_schedule(STOP)],
        **given,
    }


def _triggered(lab: Lab) -> list[dict[str, Any]]:
    return [dict(run.args) for run in lab.events(event_type="duetime.run_bot")]


def test_a_created_resource_makes_a_bot_run_for_it_alone(lab: Lab) -> None:
    lab.apply(_bot(triggers=["created"]))
    old = lab.cloud.add(account="1", region="us-east-1", tags={})
    lab.harvest()
    assert _triggered(lab) == [], "it was there before us"
    new = lab.cloud.add(account="1", region="us-east-1", tags={})
    owned = lab.cloud.add(account="1", region="us-east-1", tags={"owner": "ana"})
    lab.harvest()
    (arguments,) = _triggered(lab)
    assert arguments["hookpoint"] == "divvycloud.resource.created"
    assert sorted(arguments["resources"]) == sorted([new.resource_id, owned.resource_id])
    lab.settle()
    assert [event.resource_id for event in lab.events(event_type=STOP)] == [new.resource_id]
    assert old.resource_id not in {event.resource_id for event in lab.events()}


def test_a_paused_bot_is_not_triggered(lab: Lab) -> None:
    from duetime.bots.lifecycle import pause_bot

    lab.apply(_bot(triggers=["created", "modified"]))
    lab.cloud.add(account="1", region="us-east-1")
    lab.harvest()
    pause_bot(lab.client, "tidy")
    lab.cloud.add(account="1", region="us-east-1")
    lab.harvest()
    assert _triggered(lab) == []


def test_a_destroyed_resource_is_looked_for_among_those_that_are_gone(lab: Lab) -> None:
    lab.apply(_bot(triggers=["destroyed"]))
    gone, back, owned = (
        lab.cloud.add(account="1", region="us-east-1", tags=tags) for tags in ({}, {}, {"owner": "ana"})
    )
    lab.harvest()
    for resource in (gone, back, owned):
        lab.cloud.remove(resource)
    lab.harvest()
    lab.cloud._put(back)
    lab.harvest()
    lab.settle()
    (run,) = lab.runs(event_type="duetime.run_bot")
    assert run.result is not None
    assert '"matches":1' in run.result.replace(" ", "")


def test_a_harvest_cancels_what_its_changes_have_made_pointless(lab: Lab) -> None:
    lab.apply(_bot(cancel_when_compliant=True))
    one, two = (lab.cloud.add(account="1", region="us-east-1", tags={}) for _ in range(2))
    lab.harvest()
    lab.run_bot("tidy")
    lab.cloud.set_tags(one, {"owner": "ana"})
    lab.cloud.remove(two)
    lab.harvest()
    reasons = {event.resource_id: event.status_reason for event in lab.events(event_type=STOP, status="cancelled")}
    assert "no longer matches bot tidy" in reasons[one.resource_id]
    assert reasons[two.resource_id] == "resource is gone"


def test_handlers_of_plugins_hear_of_it_after_the_commit(lab: Lab) -> None:
    heard: list[bool] = []
    with registering_with(lab.app.registries):

        @hookpoint("divvycloud.instance.created")
        def created(resource: Any, user_resource_id: Any = None, project_resource_id: Any = None) -> None:
            with lab.app.store.read() as tx:
                heard.append(bool(tx.resources.by_ids([resource.resource_id])))

    lab.cloud.add(account="1", region="us-east-1")
    lab.harvest()
    lab.cloud.add(account="1", region="us-east-1")
    lab.harvest()
    assert heard == [True]
