"""The example bot and the guide's code, run as they stand."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from duetime.bots.definition import KEYS
from duetime.bots.planned_run import request_run
from duetime.core.resources import Resource
from duetime.testing import Lab

ROOT = Path(__file__).parents[2]
NIGHTLY = ROOT / "examples/bots/nightly-stop.yaml"
GUIDE = (ROOT / "docs/guides/write-a-bot.md").read_text(encoding="utf-8")
STOP = "divvy.stop_resource"


def state(lab: Lab, resource: Resource) -> str | None:
    found = lab.cloud.get(resource)
    return None if found is None else found.state


@pytest.fixture
def lab() -> Lab:
    return Lab(now=datetime(2026, 3, 2, 9, 45, tzinfo=UTC))  # a Monday, 10:45 in Berlin


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """Return a plugin folder that holds the guide's own code."""
    folder = tmp_path / "unowned"
    folder.mkdir(mode=0o755)
    (code,) = re.findall(r"^```python\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
    (folder / "filters.py").write_text(code, encoding="utf-8")
    return folder


def test_the_nightly_bot_does_what_the_guide_says(lab: Lab) -> None:
    dev, place = {"env": "dev"}, {"account": "1", "region": "eu-central-1"}
    with lab:
        plain = lab.cloud.add(name="plain", tags=dev, **place)
        kept = lab.cloud.add(name="kept", tags=dev, **place)
        late = lab.cloud.add(name="late", tags=dev, **place)
        others = [
            lab.cloud.add(name="prod", tags={"env": "prod"}, **place),
            lab.cloud.add(name="asked", tags={**dev, "keep-running": ""}, **place),
            lab.cloud.add(name="far", tags=dev, account="1", region="us-east-1"),
        ]
        lab.harvest()
        lab.apply(NIGHTLY)
        lab.advance(hours=1)
        due_at = datetime(2026, 3, 2, 18, tzinfo=UTC)
        assert {(event.resource_id, event.due_at) for event in lab.events(event_type=STOP)} == {
            (resource.resource_id, due_at) for resource in (plain, kept, late)
        }
        lab.cloud.set_tags(kept, {**dev, "keep-running": "yes"})
        lab.harvest()
        lab.run_until(due_at - timedelta(minutes=5))
        (cancelled,) = lab.events(event_type=STOP, status="cancelled")
        assert (cancelled.resource_id, cancelled.status_reason) == (kept.resource_id, "need not be stopped any more")
        lab.cloud.set_tags(late, {**dev, "keep-running": "yes"})
        lab.run_until(due_at)
        (skipped,) = lab.runs(event_type=STOP, status="skipped")
        assert skipped.resource_id == late.resource_id
        assert skipped.reason == "no longer matches bot nightly-stop: wants not (tag keep-running), but it is yes"
        assert [state(lab, resource) for resource in (plain, kept, late)] == ["stopped", "running", "running"]
        assert {state(lab, resource) for resource in others} == {"running"}
        runs = lab.runs(event_type="duetime.run_bot")
        assert {run.status for run in runs} == {"succeeded"}
        assert len(runs) == 16  # from 11:00 to 18:30, every half hour


def test_the_stop_itself_does_not_unmatch(lab: Lab) -> None:
    """An instance that is stopped between the bot run and 19:00 still passes: a stop changes the state itself."""
    with lab:
        early = lab.cloud.add(name="early", tags={"env": "dev"}, account="1", region="eu-west-1")
        lab.harvest()
        lab.apply(NIGHTLY)
        lab.run_bot("nightly-stop")
        lab.cloud.set_state(early, "stopped")
        lab.run_until(datetime(2026, 3, 2, 18, tzinfo=UTC))
        (run,) = lab.runs(event_type=STOP)
        assert run.status == "succeeded"


def test_the_guide_s_filter_loads_and_finds(plugin: Path) -> None:
    with Lab(plugins=[plugin]) as lab:
        lab.cloud.add(name="mine", tags={"owner": "me"})
        lab.cloud.add(name="empty", tags={"owner": ""})
        lab.cloud.add(name="none")
        lab.harvest()
        lab.apply({"name": "unowned", "filters": [{"uid": "example.filter.unowned"}]})
        assert {resource.name for resource in lab.run_bot("unowned").matches} == {"empty", "none"}


def test_the_guide_names_every_key_filter_and_action(lab: Lab) -> None:
    with lab:
        registries = lab.app.registries
        ours = (*registries.filters.entries(), *registries.actions.entries())
        for name in (*KEYS, *(entry.name for entry in ours)):
            assert f"`{name}`" in GUIDE
        for entry in ours:
            for field in getattr(entry.item, "fields", ()) or getattr(entry.item, "settings_config", ()):
                assert f"`{field.name}`" in GUIDE, (entry.name, field.name)


def test_a_bot_waits_for_the_plugin_that_it_needs(plugin: Path) -> None:
    action = {"uid": "duetime.action.schedule_event", "settings": {"event_type": STOP, "after": "1h"}}
    with Lab(plugins=[plugin]) as lab:
        lab.cloud.add()
        lab.harvest()
        lab.apply({"name": "unowned", "filters": [{"uid": "example.filter.unowned"}], "actions": [action]})
        lab.unload_plugin("unowned")
        request_run(lab.client, "unowned")
        lab.advance(minutes=3)
        (waiting,) = lab.events(event_type="duetime.run_bot")
        assert waiting.status_reason == "waiting for handler example.filter.unowned"
        assert lab.runs(event_type="duetime.run_bot") == []
        assert not lab.events(event_type=STOP)
        lab.load_plugin("unowned")
        lab.advance(minutes=1)
        assert lab.runs(event_type="duetime.run_bot")[-1].status == "succeeded"
        assert len(lab.events(event_type=STOP)) == 1
