"""The examples load, and those in the older style hold the older lines letter by letter."""

from pathlib import Path

import pytest

from duetime.core.registration import Entry, Kind, Registries
from duetime.core.registry import BUILTIN
from duetime.plugins.discovery import discover
from duetime.plugins.plugin_manager import PluginManager
from duetime.plugins.source import PluginSource

EXAMPLES = Path(__file__).parents[2] / "examples"

LINES = {
    "start_resource_job/events.py": """\
from DivvyWorkers.Processors.ScheduledEvents import ScheduledEventManager
@ScheduledEventManager.register('divvy.start_resource')
class StartResourceJob(MultiResourceScheduledEventJob):
""",
    "start_resource_action/actions.py": """\
from DivvyBotfactory.scheduling import ScheduledEventTracker
@registry.action(uid='divvy.action.start_resource_example', bulk_action=True, accepts_complement=True,
def start_resource_example(bot, settings, matches, non_matches):
    with ScheduledEventTracker() as context:
        for resource in matches:
            context.schedule_bot_event(
                bot=bot, resource=resource,
                description='Start a resource.',
                event_type='divvy.start_resource',
                schedule_data=schedule.Once(when=datetime.utcnow() + timedelta(hours=12)),
            )
""",
    "start_resource_wrapper/events.py": """\
from DivvyWorkers.Processors.ScheduledEvents import ScheduledEventRegistryWrapper
events = ScheduledEventRegistryWrapper()
@events.register('divvy.start_resource')
class StartResourceJob(MultiResourceScheduledEventJob):
def load():
    events.load()
def unload():
    events.unload()
""",
}


@pytest.mark.parametrize("name", LINES)
def test_the_older_lines_stand_as_they_are(name: str) -> None:
    lines = iter((EXAMPLES / "legacy" / name).read_text(encoding="utf-8").splitlines())
    missing = [line for line in LINES[name].splitlines() if line not in lines]
    assert not missing


@pytest.mark.parametrize(
    ("name", "event_types", "actions"),
    [
        ("legacy/start_resource_job", ("divvy.start_resource",), ()),
        ("legacy/start_resource_action", (), ("divvy.action.start_resource_example",)),
        ("legacy/start_resource_wrapper", ("divvy.start_resource",), ()),
        ("remind_owner", ("example.remind_owner",), ("example.action.remind_owner",)),
    ],
)
def test_an_example_loads_and_unloads(
    manager: PluginManager, registries: Registries, name: str, event_types: tuple[str], actions: tuple[str]
) -> None:
    registries.add(Entry(Kind.EVENT_TYPE, "divvy.start_resource", object), owner=BUILTIN)
    source = PluginSource.folder(EXAMPLES / name)

    plugin = manager.load(source, generation=1)

    assert (plugin.event_types, plugin.actions) == (event_types, actions)
    assert plugin.overrides == tuple(one for one in event_types if one.startswith("divvy."))
    assert all(registries.event_types.require(one).owner == source.name for one in event_types)
    manager.unload(source.name)
    assert [*registries.event_types] == ["divvy.start_resource"]
    assert not [*registries.actions]


def test_a_folder_of_examples_is_a_folder_of_plugins() -> None:
    found = discover([EXAMPLES / "legacy"], installed=False)
    assert [source.name for source in found] == [
        "start_resource_action",
        "start_resource_job",
        "start_resource_wrapper",
    ]
    assert "remind_owner" in [source.name for source in discover([EXAMPLES], installed=False)]
