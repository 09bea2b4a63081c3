"""How plugin code reaches the older names, and what it is told about those that are not there."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from duetime.core.errors import PluginFailed
from duetime.core.registration import Registries
from duetime.plugins.aliases import ALIASES, LEGACY_PACKAGES, REPLACEMENTS
from duetime.plugins.loaded_plugin import LoadedPlugin

Load = Callable[[str], LoadedPlugin]

ROUTER = """
    from DivvyWorkers.Processors.ScheduledEvents import cast_scheduled_event_args
    from DivvyWorkers.ScheduledWorkers.base import ScheduledEventJob
    {statement}

    class Job(ScheduledEventJob):
        def run(self):
            return None

    def load():
        {router}.add_scheduled_event_job('custom.job', Job, cast_scheduled_event_args)
        {router}.add_scheduled_event_job('custom.job', Job, cast_scheduled_event_args)

    def unload():
        pass
"""


@pytest.mark.parametrize(
    ("statement", "router"),
    [
        ("from worker.registry import Router", "Router"),
        ("from worker import registry", "registry.Router"),
        ("import worker.registry", "worker.registry.Router"),
        ("import worker.registry as r", "r.Router"),
    ],
)
def test_the_oldest_way_to_register(load: Load, registries: Registries, statement: str, router: str) -> None:
    plugin = load(ROUTER.format(statement=statement, router=router))
    assert plugin.event_types == ("custom.job",)
    assert registries.event_types.require("custom.job").owner == "older"
    assert "worker" not in sys.modules


@pytest.mark.parametrize("spelling", ["DivvyBotfactory", "DivvyBotFactory"])
@pytest.mark.parametrize(
    ("statement", "wrapper"),
    [
        ("from {0}.registry import BotFactoryRegistryWrapper", "BotFactoryRegistryWrapper"),
        ("from {0} import registry as r", "r.BotFactoryRegistryWrapper"),
        ("import {0}.registry", "{0}.registry.BotFactoryRegistryWrapper"),
    ],
)
def test_both_spellings_of_the_bot_factory(load: Load, spelling: str, statement: str, wrapper: str) -> None:
    text = f"""
        {statement}
        registry = {wrapper}()

        @registry.action(uid='custom.action', bulk_action=True)
        def act(bot, settings, matches, non_matches):
            {statement}
            return {wrapper}

        def load():
            registry.load()
        """
    assert load(text.format(spelling)).actions == ("custom.action",)
    assert "DivvyBotFactory" not in sys.modules


def test_everything_of_an_older_module(load: Load) -> None:
    load("from DivvyUtils.schedule import *\nassert Once and Weekly\n")


def test_an_alias_inside_a_function_works_at_run_time(load: Load, registries: Registries) -> None:
    load("""
        from DivvyWorkers.Processors.ScheduledEvents import ScheduledEventManager

        @ScheduledEventManager.register('custom.job')
        class Job:
            def run(self):
                from DivvyBotFactory.event import BotEvent
                import worker.registry
                return BotEvent.__name__, worker.registry.Router.__name__
        """)
    assert registries.event_types.require("custom.job").item().run() == ("BotEvent", "Router")


def test_aliases_are_for_plugins_alone(load: Load) -> None:
    load("import worker, scheduler, DivvyBotFactory\nassert worker and scheduler and DivvyBotFactory\n")
    for alias in ALIASES:
        assert alias not in sys.modules
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module(alias)


@pytest.mark.parametrize("target", ALIASES.values())
def test_every_alias_stands_for_something(target: str) -> None:
    importlib.import_module(target)


def test_the_list_of_older_packages_is_true() -> None:
    folders = (Path(__file__).parents[2] / "legacy").glob("*/__init__.py")
    assert sorted(file.parent.name for file in folders) == [*LEGACY_PACKAGES]


@pytest.mark.parametrize("module", REPLACEMENTS)
def test_what_has_a_replacement_is_not_there(module: str) -> None:
    for alias, target in ALIASES.items():
        if module.startswith(f"{alias}."):
            module = target + module[len(alias) :]
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(module)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("import DivvyNothing", "duetime has no module DivvyNothing. There are DivvyBotfactory, "),
        ("import DivvyUtil.schedule", "duetime has no module DivvyUtil.schedule. There are DivvyBotfactory, "),
        (
            "from DivvyPlugins.plugin_jobs import PluginJob",
            "DivvyPlugins has hookpoints, plugin_metadata. Instead, write a ScheduledEventJob and schedule it",
        ),
        ("from DivvyPlugins import hookpoint", "DivvyPlugins has no hookpoint. It has hookpoints, plugin_metadata"),
        ("from DivvyUtils.schedule import Weakly", "duetime's DivvyUtils.schedule has no Weakly. It has Cron,"),
        ("from DivvyUtils.schedule import Nightly", "It has Cron, Daily, Hourly, Monthly, Once, Periodic, Weekly"),
        ("from scheduler import client", "duetime's scheduler has no client. It has nothing. Instead, write a Sched"),
        ("import scheduler.client", "duetime has no module scheduler.client."),
        ("from worker.registry import Route", "It has Router"),
        ("from DivvyDb.DivvyDb import SharedSessionScope", "Instead, leave the session decorators out"),
        ("from DivvyDb import DivvyDbObjects", "Instead, read resources through"),
        ("import DivvyDb.QueryFilters.registry", "DivvyDb.QueryFilters has cloud_types. Instead, use the built-in"),
        ("from DivvyBotFactory.registry import Nothing", "duetime's DivvyBotFactory.registry has no Nothing."),
    ],
)
def test_what_is_not_there_is_explained(load: Load, statement: str, told: str) -> None:
    with pytest.raises(PluginFailed) as caught:
        load(f"x = 1\n{statement}\n")
    assert told in caught.value.problem
    assert caught.value.line == 2


def test_a_plugin_may_do_without(load: Load) -> None:
    load("""
        try:
            from DivvyJobs import schedules
        except ImportError:
            schedules = None
        try:
            from DivvyUtils.schedule import Nothing
        except ImportError:
            Nothing = None
        assert schedules is None and Nothing is None
        """)
