from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from duetime.core.json_types import canonical
from duetime.core.resources import Resource
from duetime.providers.aws.catalogue import CATALOGUE
from duetime.providers.aws.entries.instances import INSTANCE
from duetime.providers.aws.mapping import UNREADABLE, resource_of, serves, tags_of

BUCKET = CATALOGUE["storagecontainer"]
POLICY = {"PolicyStatus": {"IsPublic": True}}
GRANT = {"Grants": [{"Grantee": {"URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": "READ"}]}
OWN = {"Grants": [{"Grantee": {"ID": "owner", "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}]}


def raw(number: int, state: str = "running", **more: Any) -> dict[str, Any]:
    return {"InstanceId": f"i-{number}", "State": {"Name": state, "Code": 16}, **more}


def mapped(said: dict[str, Any], kind: Any = INSTANCE) -> Resource:
    return resource_of(kind, said, account="10", region="us-east-1")


def test_terminated_ones_are_gone_and_others_are_not() -> None:
    states = ["pending", "running", "shutting-down", "terminated", "stopping", "stopped"]
    assert [state for state in states if not serves(INSTANCE, raw(1, state))] == ["terminated"]


def test_names_tags_and_fields_are_plain() -> None:
    found = mapped(
        raw(
            1,
            Tags=[{"Key": "Name", "Value": "web"}, {"Key": "empty"}],
            LaunchTime=datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2))),
            Placement={"AvailabilityZone": "us-east-1a", "Tenancy": "default"},
            SecurityGroups=[{"GroupId": "sg-1", "GroupName": "web"}],
            KeyName="",
            Unlisted="left out",
        )
    )
    assert (found.name, found.tags) == ("web", {"Name": "web", "empty": ""})
    assert found.data == {
        "LaunchTime": "2026-01-01T10:00:00+00:00",
        "Placement.AvailabilityZone": "us-east-1a",
        "SecurityGroups": [{"GroupId": "sg-1", "GroupName": "web"}],
    }
    assert found.created_at == datetime(2026, 1, 1, 10, tzinfo=UTC)
    assert canonical(found.data)


def test_without_a_name_the_id_is_the_name() -> None:
    assert mapped(raw(1)).name == "i-1"


def test_what_json_cannot_say_becomes_text() -> None:
    assert mapped(raw(1, Odd={"bytes": b"x"}), replace(INSTANCE, fields=("Odd",))).data == {"Odd": {"bytes": "b'x'"}}


@pytest.mark.parametrize(
    "tags",
    [
        [{"Key": "env", "Value": "dev"}],
        [{"key": "env", "value": "dev"}],
        [{"TagKey": "env", "TagValue": "dev"}],
        {"env": "dev"},
    ],
)
def test_tags_are_understood_in_every_spelling(tags: Any) -> None:
    assert tags_of(INSTANCE, raw(1, Tags=tags)) == {"env": "dev"}


@pytest.mark.parametrize("tags", [None, [], {}])
def test_no_tags_are_no_tags(tags: Any) -> None:
    assert tags_of(INSTANCE, raw(1, Tags=tags)) == {}


@pytest.mark.parametrize(
    ("said", "instant"),
    [
        ("2026-01-01T10:00:00.000Z", datetime(2026, 1, 1, 10, tzinfo=UTC)),
        ("2026-01-01T12:00:00.000+0200", datetime(2026, 1, 1, 10, tzinfo=UTC)),
        (1767261600, datetime(2026, 1, 1, 10, tzinfo=UTC)),
        (1767261600000, datetime(2026, 1, 1, 10, tzinfo=UTC)),
        ("1767261600", datetime(2026, 1, 1, 10, tzinfo=UTC)),
        ("1767261600.5", datetime(2026, 1, 1, 10, 0, 0, 500_000, tzinfo=UTC)),
        (datetime(2026, 1, 1, 10), datetime(2026, 1, 1, 10, tzinfo=UTC)),
        ("never", None),
        (None, None),
        (1e30, None),
    ],
)
def test_instants_are_understood_in_every_spelling(said: Any, instant: datetime | None) -> None:
    assert mapped(raw(1, LaunchTime=said)).created_at == instant


@pytest.mark.parametrize(
    ("said", "public"),
    [
        ({**OWN}, False),
        ({**OWN, **POLICY}, True),
        ({**OWN, "PolicyStatus": {"IsPublic": False}}, False),
        ({**OWN, **POLICY, "PublicAccessBlock": {"RestrictPublicBuckets": True}}, False),
        ({**OWN, **POLICY, "PublicAccessBlock": {"IgnorePublicAcls": True}}, True),
        ({**GRANT}, True),
        ({**GRANT, "PublicAccessBlock": {"IgnorePublicAcls": True}}, False),
        ({**GRANT, "PublicAccessBlock": {"RestrictPublicBuckets": True}}, True),
        ({**OWN, UNREADABLE: ["PolicyStatus: AccessDenied"]}, None),
    ],
)
def test_whether_a_bucket_is_public_takes_all_four_answers(said: dict[str, Any], public: bool | None) -> None:
    found = mapped({"Name": "bucket", **said}, BUCKET)
    assert found.public is public
    assert found.data.get(UNREADABLE) == said.get(UNREADABLE)


def test_a_question_that_aws_does_not_answer_has_no_answer() -> None:
    image = CATALOGUE["privateimage"]
    assert mapped({"ImageId": "ami-1"}, image).public is None
    assert mapped({"ImageId": "ami-1", "Public": False}, image).public is False
    protections = [None, "disabled", "enabled-with-cooldown"]
    found = [mapped({"ImageId": "ami-1", "DeregistrationProtection": each}, image).protected for each in protections]
    assert found == [None, False, True]
