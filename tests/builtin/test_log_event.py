"""The event type that writes a line into the log."""

import logging

import pytest

from duetime.engine.log import FACTS
from duetime.testing.lab import Lab


def test_a_line_for_each_resource_and_the_text_in_history(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with Lab() as lab:
        for name in ("a", "b"):
            lab.cloud.add(resource_type="instance", name=name, account="1", region="r", state="running")
        lab.harvest()
        for machine in lab.cloud.resources():
            args = {"message": "{{ resource.name }} is seen", "level": "warning"}
            lab.client.schedule("duetime.log", lab.now, resource_id=machine.resource_id, args=args)
        lab.client.schedule("duetime.log", lab.now, args={"message": "no resource"})
        lab.settle()
        assert sorted(str(run.result) for run in lab.runs()) == ["a is seen", "b is seen", "no resource"]
    lines = [record for record in caplog.records if record.name == "duetime.builtin.log_event"]
    facts = [getattr(line, FACTS) for line in lines]
    assert sorted(fact["message"] for fact in facts) == ["a is seen", "b is seen", "no resource"]
    assert {fact["event"] for fact in facts} == {"event.log"}
    assert {line.levelname for line in lines} == {"WARNING", "INFO"}


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"message": "x", "level": "loud"}, "level must be one of"),
        ({"message": "{{ resource.name }}"}, "cannot be rendered"),
    ],
)
def test_what_cannot_be_written_fails_for_good(args: dict[str, str], said: str) -> None:
    with Lab() as lab:
        lab.client.schedule("duetime.log", lab.now, args=args)
        lab.advance(hours=2)
        (run,) = lab.runs()
        assert run.status == "failed"
        assert said in str(run.error)
