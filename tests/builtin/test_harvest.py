"""The event that harvests an account."""

import json
from datetime import UTC, datetime

from duetime.core.statuses import RunStatus
from duetime.testing import Lab

HARVEST = "duetime.harvest"


def test_a_further_attempt_reads_what_the_one_before_did_not_complete() -> None:
    with Lab(now=datetime(2026, 1, 31, 12, tzinfo=UTC)) as lab:
        for region in ("eu-west-1", "us-east-1"):
            lab.cloud.add(account="1", region=region)
        lab.harvest()
        lab.advance(hours=1)
        before = len(lab.cloud.calls("list"))
        lab.cloud.faults.unavailable(times=1)
        args = {"account": "1", "resource_types": ["instance"], "threads": 1}
        lab.client.schedule(HARVEST, lab.now, args=args)
        lab.settle()
        lab.advance(hours=2)
        first, second = lab.runs(event_type=HARVEST)
        assert (first.status, second.status) == (RunStatus.FAILED, RunStatus.SUCCEEDED)
        assert [call.region for call in lab.cloud.calls("list")[before:]] == ["eu-west-1", "us-east-1", "eu-west-1"]
        (part,) = json.loads(second.result or "[]")
        assert (part["region"], part["seen"], part["unchanged"]) == ("eu-west-1", 1, 1)
        lab.client.schedule(HARVEST, lab.now, args={"account": "1"})
        lab.settle()
        everything = json.loads(lab.runs(event_type=HARVEST)[-1].result or "[]")
        assert [part["region"] for part in everything] == ["eu-west-1", "us-east-1"], "without types, all are read"
