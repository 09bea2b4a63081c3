"""Groups and expressions in a whole run: found in the inventory, asked again when the event is due."""

import pytest

from duetime.testing.lab import Lab

STOP = "divvy.stop_resource"
ACTION = {"uid": "duetime.action.schedule_event", "settings": {"event_type": STOP, "after": "1h", "recheck": True}}
HELD = {"uid": "duetime.filter.group", "settings": {"values": ["legal hold"]}}
NOT_HELD = {"uid": "duetime.filter.not", "settings": {"filters": [HELD]}}


def test_a_resource_that_joins_a_group_meanwhile_is_left_alone() -> None:
    with Lab() as lab:
        free, late, held = (lab.cloud.add(name=name) for name in ("free", "late", "held"))
        lab.harvest()
        with lab.app.store.write() as tx:
            tx.groups.save("legal hold")
            tx.groups.add("legal hold", [held.resource_id])
        lab.apply({"name": "stop", "filters": [NOT_HELD], "actions": [ACTION]})
        assert {one.name for one in lab.run_bot("stop").matches} == {"free", "late"}
        with lab.app.store.write() as tx:
            tx.groups.add("legal hold", [late.resource_id])
        lab.advance(hours=1, minutes=1)
        answers = {run.resource_id: (run.status.value, run.reason) for run in lab.runs(event_type=STOP)}
        assert answers[free.resource_id][0] == "succeeded"
        status, reason = answers[late.resource_id]
        assert status == "skipped"
        assert "wants not (group legal hold), but it is in legal hold" in reason
        assert held.resource_id not in answers


@pytest.mark.parametrize(
    ("use", "said"),
    [
        (NOT_HELD, "There is no resource group 'legal hold'"),
        (
            {
                "uid": "duetime.filter.jmespath",
                "settings": {"expression": "|".join(["[@,@,@,@]"] * 12)},
            },
            "The JMESPath expression",
        ),
    ],
)
def test_a_run_that_cannot_ask_fails_and_schedules_nothing(use: dict[str, object], said: str) -> None:
    with Lab() as lab:
        lab.cloud.add(name="one")
        lab.harvest()
        lab.apply({"name": "stop", "filters": [use], "actions": [ACTION], "schedule": "* * * * *"})
        lab.advance(minutes=2)
        run = lab.runs(event_type="duetime.run_bot")[-1]
        assert run.status == "failed"
        assert said in run.error
        assert not lab.events(event_type=STOP)
