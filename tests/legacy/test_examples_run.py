"""The three examples of the older interface, each in a lab of its own, from the file to the changed resource."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from duetime.core.resources import Resource
from duetime.testing import Lab

LEGACY = Path(__file__).parents[2] / "examples" / "legacy"
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def _stopped_instance(lab: Lab, *, name: str = "web-1") -> Resource:
    resource = lab.cloud.add(resource_type="instance", name=name, account="10", region="us-east-1", state="stopped")
    lab.harvest()
    return resource


def _state(lab: Lab, resource: Resource) -> str:
    found = lab.cloud.get(resource)
    assert found is not None
    return found.state


@pytest.mark.parametrize("name", ["start_resource_job", "start_resource_wrapper"])
def test_a_plugins_own_start_job_runs_in_place_of_the_built_in_one(name: str) -> None:
    with Lab(plugins=[LEGACY / name], now=NOON) as lab:
        assert lab.app.registries.event_types.require("divvy.start_resource").owner == name
        resource = _stopped_instance(lab)
        event = lab.client.schedule(
            "divvy.start_resource", datetime(2026, 2, 1, tzinfo=UTC), resource_id=resource.resource_id
        )

        lab.advance(hours=11, minutes=59)
        assert _state(lab, resource) == "stopped"
        lab.advance(minutes=1)

        assert _state(lab, resource) == "running"
        (run,) = lab.runs(event_id=event.event_id)
        assert (run.status, run.final, run.resource_id) == ("succeeded", True, resource.resource_id)
        assert lab.events(event_type="divvy.start_resource")[0].status == "succeeded"


def test_the_bulk_action_schedules_a_start_twelve_hours_ahead_for_every_match() -> None:
    with Lab(plugins=[LEGACY / "start_resource_action"], now=NOON) as lab:
        resources = [_stopped_instance(lab, name=f"web-{number}") for number in range(3)]
        lab.apply(
            {
                "name": "wake-up",
                "scope": {"resource_types": ["instance"]},
                "actions": [{"uid": "divvy.action.start_resource_example"}],
            }
        )

        matches, non_matches = lab.run_bot("wake-up")
        assert [match.resource_id for match in matches] == [resource.resource_id for resource in resources]
        assert non_matches == ()
        events = lab.events(event_type="divvy.start_resource")
        assert [event.due_at for event in events] == [datetime(2026, 2, 1, tzinfo=UTC)] * 3
        assert {event.description for event in events} == {"Start a resource."}

        lab.run_bot("wake-up")  # bots run again and again: the first due time stands
        assert lab.events(event_type="divvy.start_resource") == events

        lab.advance(hours=12)
        assert {_state(lab, resource) for resource in resources} == {"running"}
        assert [call.operation for call in lab.cloud.calls("start")] == ["start"]  # one call for all three
