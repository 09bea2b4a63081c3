import gc
import sys
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

from duetime.core.errors import InvalidDocument, PluginFailed, UnknownName
from duetime.core.registration import Entry, Kind, Registries, register, registering_with
from duetime.plugins.plugin_manager import PluginManager
from duetime.plugins.source import PluginSource

MakePlugin = Callable[..., PluginSource]
Modules = Callable[[], list[str]]
Text = Callable[[str], str]


def test_unloading_leaves_no_trace(
    manager: PluginManager, registries: Registries, make_plugin: MakePlugin, job: Text, modules: Modules
) -> None:
    manager.load(make_plugin({"events.py": job("example.nightly")}), generation=1)
    assert modules()

    assert manager.unload("nightly") == ()

    assert not modules()
    assert not [*registries.event_types]
    assert manager.loaded() == ()
    with pytest.raises(UnknownName, match="nightly"):
        manager.unload("nightly")


def test_all_are_unloaded_when_an_app_ends(
    manager: PluginManager, registries: Registries, make_plugin: MakePlugin, job: Text, modules: Modules
) -> None:
    for name in ("one", "two"):
        text = job(f"example.{name}") + f"def unload():\n    raise ValueError({name!r})\n"
        manager.load(make_plugin({"events.py": text}, name=name), generation=1)
    assert [fault.problem for fault in manager.unload_all()] == ["ValueError: two", "ValueError: one"]
    assert not modules()
    assert not [*registries.event_types]
    assert manager.loaded() == ()


def test_old_modules_live_as_long_as_something_runs_in_them(
    manager: PluginManager, registries: Registries, make_plugin: MakePlugin
) -> None:
    source = make_plugin(
        {
            "events.py": """
            from duetime.core.registration import Entry, Kind, register
            import rates as first

            class Job:
                def run(self):
                    import rates
                    from . import rates as again
                    import late
                    from parts.deep import DEPTH
                    assert rates is again is first
                    return rates.RATE, late.LATE, DEPTH

            register(Entry(Kind.EVENT_TYPE, "example.nightly", Job))
            """,
            "late.py": "LATE = 3",
            "parts/deep.py": "DEPTH = 4",
            "plugin.json": '{"initial_modules": ["events.py"]}',
            "rates.py": "RATE = 2",
        }
    )
    manager.load(source, generation=1)
    running = registries.event_types.require("example.nightly").item()
    alive = weakref.ref(type(running))

    manager.unload("nightly")

    assert running.run() == (2, 3, 4)
    assert running.run() == (2, 3, 4)
    del running
    gc.collect()
    assert alive() is None


def test_a_job_that_outlives_its_plugin_puts_nothing_back(
    manager: PluginManager, registries: Registries, make_plugin: MakePlugin, modules: Modules
) -> None:
    source = make_plugin(
        {
            "events.py": """
            from duetime.core.registration import Entry, Kind, register

            def run():
                import late
                return late.__name__

            register(Entry(Kind.EVENT_TYPE, "example.nightly", run))
            """,
            "late.py": "",
            "plugin.json": '{"initial_modules": ["events.py"]}',
        }
    )
    manager.load(source, generation=4)
    run = registries.event_types.require("example.nightly").item
    manager.unload("nightly")
    assert run().endswith("_g4.late")
    assert not modules()


@pytest.mark.parametrize("error", ["ValueError('no')", "SystemExit(3)", "GeneratorExit()"])
def test_an_unload_that_raises_is_reported_and_stops_nothing(
    manager: PluginManager, registries: Registries, make_plugin: MakePlugin, modules: Modules, job: Text, error: str
) -> None:
    bad = job("example.bad") + f"def unload():\n    raise {error}\n"
    good = "calls = []\ndef unload():\n    calls.append(1)\n"
    source = make_plugin({"a.py": good, "b.py": bad, "c.py": good})
    manager.load(source, generation=1)
    loaded = manager._running["nightly"].modules

    (fault,) = manager.unload("nightly")

    assert (fault.file, fault.line) == (str(source.path and source.path / "b.py"), 9)
    assert [module.calls for module in (loaded[0], loaded[2])] == [[1], [1]]
    assert not modules()
    assert not [*registries.event_types]


def test_an_interrupted_unload_still_ends(
    manager: PluginManager, registries: Registries, make_plugin: MakePlugin, modules: Modules, job: Text
) -> None:
    source = make_plugin({"a.py": job("example.a") + "def unload():\n    raise KeyboardInterrupt\n"})
    manager.load(source, generation=1)
    with pytest.raises(KeyboardInterrupt):
        manager.unload("nightly")
    assert not modules()
    assert not [*registries.event_types]
    assert manager.loaded() == ()


def test_what_a_job_registers_later_goes_too(
    manager: PluginManager, registries: Registries, make_plugin: MakePlugin, job: Text
) -> None:
    source = make_plugin({"events.py": job("example.nightly")})
    manager.load(source, generation=1)
    for go in (lambda: manager.reload(source, generation=2), lambda: manager.unload("nightly")):
        job_class = registries.event_types.require("example.nightly").item
        with registering_with(registries):
            register(Entry(Kind.EVENT_TYPE, "example.late", job_class))
        go()
        assert "example.late" not in registries.event_types
    assert not [*registries.event_types]


def test_reloading_takes_the_new_text_at_once(
    manager: PluginManager,
    registries: Registries,
    make_plugin: MakePlugin,
    job: Text,
    modules: Modules,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    source = make_plugin({"events.py": job("example.a") + "X = 1\n"})
    manager.load(source, generation=1)
    old = registries.event_types.require("example.a").item
    # The same length within the same second: what a bytecode cache would not notice.
    make_plugin({"events.py": job("example.b") + "X = 2\n"})

    plugin = manager.reload(source, generation=2)

    assert [*registries.event_types] == ["example.b"]
    assert registries.event_types.require("example.b").item().run() == "example.b"
    assert old().run() == "example.a"
    assert (plugin.generation, plugin.faults) == (2, ())
    assert all("_g2" in name for name in modules())
    assert not list(Path(source.location).rglob("*.pyc"))


def test_a_failing_reload_keeps_the_old_generation(
    manager: PluginManager, registries: Registries, make_plugin: MakePlugin, job: Text, modules: Modules
) -> None:
    text = "calls = []\ndef unload():\n    calls.append(1)\n"
    source = make_plugin({"events.py": job("example.a") + text})
    before = manager.load(source, generation=1)
    registered, listed = registries.event_types.require("example.a"), modules()
    make_plugin({"events.py": job("example.a"), "zz.py": "1 / 0"})

    with pytest.raises(PluginFailed, match=r"zz\.py:1: ZeroDivisionError"):
        manager.reload(source, generation=2)

    assert registries.event_types.require("example.a") is registered
    assert modules() == listed
    assert manager.loaded() == (before,)
    assert manager._running["nightly"].modules[0].calls == []


def test_a_reload_that_clashes_keeps_the_old_generation(
    manager: PluginManager, registries: Registries, make_plugin: MakePlugin, job: Text
) -> None:
    source = make_plugin({"events.py": job("example.a")})
    manager.load(source, generation=1)
    manager.load(make_plugin({"events.py": job("example.b")}, name="other"), generation=1)
    make_plugin({"events.py": job("example.b")})
    with pytest.raises(Exception, match=r"'example\.b' is already registered by other; nightly may not"):
        manager.reload(source, generation=2)
    assert registries.event_types.require("example.a").owner == "nightly"


def test_a_load_that_takes_back_first_does_not_reach_the_old_generation(
    manager: PluginManager, registries: Registries, make_plugin: MakePlugin
) -> None:
    text = """
        from duetime.jobs.base import ScheduledEventJob
        from duetime.jobs.registration import ScheduledEventRegistryWrapper
        events = ScheduledEventRegistryWrapper()

        @events.register("example.nightly")
        class Job(ScheduledEventJob):
            pass

        def load():
            events.unload()
            {}
            events.load()

        def unload():
            events.unload()
        """
    source = make_plugin({"events.py": text.format("pass")})
    manager.load(source, generation=1)
    old = registries.event_types.require("example.nightly").item
    make_plugin({"events.py": text.format("raise ValueError")})

    with pytest.raises(PluginFailed):
        manager.reload(source, generation=2)
    assert registries.event_types.require("example.nightly").item is old

    make_plugin({"events.py": text.format("pass")})
    manager.reload(source, generation=3)
    assert registries.event_types.require("example.nightly").item is not old


def test_a_reload_reports_what_the_old_unload_raised(
    manager: PluginManager, make_plugin: MakePlugin, job: Text
) -> None:
    source = make_plugin({"events.py": "def unload():\n    raise ValueError('stuck')\n"})
    manager.load(source, generation=1)
    make_plugin({"events.py": job("example.a")})
    plugin = manager.reload(source, generation=2)
    assert [str(fault) for fault in plugin.faults] == [f"{source.location}/events.py:2: ValueError: stuck"]
    assert manager.loaded() == (plugin,)


def test_reloading_what_is_not_loaded_loads_it(manager: PluginManager, make_plugin: MakePlugin, job: Text) -> None:
    assert manager.reload(make_plugin({"events.py": job("example.a")}), generation=1).event_types == ("example.a",)


def test_reloading_a_folder_that_is_gone_keeps_the_old_generation(
    manager: PluginManager, make_plugin: MakePlugin, job: Text, tmp_path: Path
) -> None:
    source = make_plugin({"events.py": job("example.a")})
    manager.load(source, generation=1)
    Path(source.location).rename(tmp_path / "elsewhere")
    with pytest.raises(InvalidDocument, match="no such folder"):
        manager.reload(source, generation=2)
    assert [plugin.generation for plugin in manager.loaded()] == [1]
