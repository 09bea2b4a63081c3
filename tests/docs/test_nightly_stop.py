from datetime import UTC, datetime
from typing import Any

from duetime.core.resources import Resource
from duetime.testing import Lab

NIGHTLY: dict[str, Any] = {
    "name": "nightly-stop",
    "scope": {"resource_types": ["instance"]},
    "filters": [{"uid": "duetime.filter.tag", "settings": {"key": "env", "values": ["dev"]}}],
    "actions": [
        {
            "uid": "duetime.action.schedule_event",
            "settings": {"event_type": "divvy.stop_resource", "after": "1h"},
        }
    ],
}


def _state(lab: Lab, resource: Resource) -> str:
    found = lab.cloud.get(resource)
    assert found is not None
    return found.state


def test_dev_instances_stop_an_hour_after_the_bot_ran() -> None:
    with Lab(now=datetime(2026, 3, 2, 18, tzinfo=UTC)) as lab:
        place = {"account": "1", "region": "eu-west-1", "state": "running"}
        dev = lab.cloud.add(resource_type="instance", name="build-1", tags={"env": "dev"}, **place)
        prod = lab.cloud.add(resource_type="instance", name="shop-1", tags={"env": "prod"}, **place)
        lab.harvest()
        lab.apply(NIGHTLY)

        matches, non_matches = lab.run_bot("nightly-stop")
        assert [resource.name for resource in matches] == ["build-1"]
        assert [resource.name for resource in non_matches] == ["shop-1"]

        lab.advance(minutes=59)
        assert _state(lab, dev) == "running"

        lab.advance(minutes=1)
        assert _state(lab, dev) == "stopped"
        assert _state(lab, prod) == "running"
        (run,) = lab.runs(event_type="divvy.stop_resource")
        assert run.status == "succeeded"
