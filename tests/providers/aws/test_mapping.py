from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from duetime.core.json_types import canonical
from duetime.providers.aws.catalogue import INSTANCE
from duetime.providers.aws.mapping import resources_of


def raw(number: int, state: str = "running", **more: Any) -> dict[str, Any]:
    return {"InstanceId": f"i-{number}", "State": {"Name": state, "Code": 16}, **more}


def test_all_instances_of_all_reservations_are_found() -> None:
    page = {"Reservations": [{"Instances": [raw(1), raw(2)]}, {"Instances": []}, {"Instances": [raw(3)]}]}
    found = resources_of(INSTANCE, page, account="10", region="us-east-1")
    assert [resource.provider_id for resource in found] == ["i-1", "i-2", "i-3"]


def test_a_page_may_be_empty() -> None:
    assert resources_of(INSTANCE, {}, account="10", region="us-east-1") == ()


def test_terminated_ones_are_gone_and_others_are_not() -> None:
    states = ["pending", "running", "shutting-down", "terminated", "stopping", "stopped"]
    page = {"Reservations": [{"Instances": [raw(number, state) for number, state in enumerate(states)]}]}
    found = resources_of(INSTANCE, page, account="10", region="us-east-1")
    assert [resource.state for resource in found] == [state for state in states if state != "terminated"]


def test_names_tags_and_fields_are_plain() -> None:
    instance = raw(
        1,
        Tags=[{"Key": "Name", "Value": "web"}, {"Key": "empty"}],
        LaunchTime=datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2))),
        Placement={"AvailabilityZone": "us-east-1a", "Tenancy": "default"},
        SecurityGroups=[{"GroupId": "sg-1", "GroupName": "web"}],
        KeyName="",
        Unlisted="left out",
    )
    (found,) = resources_of(INSTANCE, {"Reservations": [{"Instances": [instance]}]}, account="10", region="us-east-1")
    assert (found.name, found.tags) == ("web", {"Name": "web", "empty": ""})
    assert found.data == {
        "LaunchTime": "2026-01-01T10:00:00+00:00",
        "Placement.AvailabilityZone": "us-east-1a",
        "SecurityGroups": [{"GroupId": "sg-1", "GroupName": "web"}],
    }
    assert canonical(found.data)


def test_without_a_name_the_id_is_the_name() -> None:
    (found,) = resources_of(INSTANCE, {"Reservations": [{"Instances": [raw(1)]}]}, account="10", region="us-east-1")
    assert found.name == "i-1"


def test_what_json_cannot_say_becomes_text() -> None:
    kind = replace(INSTANCE, fields=("Odd",))
    (found,) = resources_of(
        kind, {"Reservations": [{"Instances": [raw(1, Odd={"bytes": b"x"})]}]}, account="10", region="us-east-1"
    )
    assert found.data == {"Odd": {"bytes": "b'x'"}}
