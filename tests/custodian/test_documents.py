from datetime import timedelta
from typing import Any

import pytest
import yaml

from duetime.bots.durations import read_duration
from duetime.core.bots import ActionUse, FilterUse
from duetime.core.errors import Invalid, UnknownName
from duetime.custodian.documents import read_policies

POLICY = """
policies:
  - name: stop-dev
    resource: aws.ec2
    comment: dev sleeps
    filters:
      - "tag:env": dev
      - State.Name: running
    actions:
      - stop
      - type: mark-for-op
        op: terminate
        days: 2
        hours: 12
"""


def test_a_policy_becomes_a_bot() -> None:
    (bot,) = read_policies(yaml.safe_load(POLICY))
    assert (bot.name, bot.description, bot.scope.resource_types) == ("stop-dev", "dev sleeps", ("instance",))
    assert bot.filters == (
        FilterUse(
            "custodian.filter", {"resource": "aws.ec2", "filters": [{"tag:env": "dev"}, {"State.Name": "running"}]}
        ),
    )
    stop, marked = bot.actions
    assert stop == ActionUse(
        "duetime.action.schedule_event",
        {
            "event_type": "custodian.act",
            "args": {"resource": "aws.ec2", "action": {"type": "stop"}},
            "after": "0s",
            "description": "Custodian: stop",
        },
    )
    assert marked.settings["args"]["action"] == {"type": "terminate"}
    assert marked.settings["description"] == "Custodian: terminate, marked 2 days 12 hours ahead"
    assert read_duration(marked.settings["after"], name="after") == timedelta(days=2, hours=12)


def policy(**changes: Any) -> dict[str, Any]:
    return {"policies": [{"name": "p", "resource": "ec2", **changes}]}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "a list of one or more"),
        ({"policies": []}, "a list of one or more"),
        ({"policies": ["x"]}, "a mapping with a name"),
        ({"policies": [{"name": "p"}]}, "needs a resource"),
        (policy(mode={"type": "periodic"}), "'mode' cannot be taken over: when it runs"),
        (policy(conditions=[]), "'conditions' cannot be taken over"),
        (policy(surprise=1), "'surprise' cannot be taken over: it is not known here"),
        (policy(filters={"a": 1}), "filters must be a list"),
        (policy(actions=[3]), "a text or a mapping with a type"),
        (policy(actions=[{"type": "mark-for-op", "op": "stop"}]), "must say days or hours"),
        (policy(actions=[{"type": "mark-for-op", "op": "stop", "days": "2"}]), "are numbers"),
        (policy(actions=[{"type": "mark", "tag": "x"}]), "use an action that sets tags"),
    ],
)
def test_what_cannot_be_taken_over_is_refused(document: Any, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        read_policies(document)


def test_a_resource_without_a_counterpart_is_refused() -> None:
    with pytest.raises(UnknownName, match="kms-key"):
        read_policies(policy(resource="aws.kms-key"))
