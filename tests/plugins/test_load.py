import sys
import threading
from collections.abc import Callable
from types import ModuleType

import pytest

from duetime.core.errors import DuplicateRegistration, PluginFailed
from duetime.core.hooks import handlers_of
from duetime.core.registration import Entry, Kind, Registries, register
from duetime.core.registry import BUILTIN
from duetime.plugins.plugin_manager import PluginManager
from duetime.plugins.source import PluginSource

MakePlugin = Callable[..., PluginSource]
Modules = Callable[[], list[str]]
Text = Callable[[str], str]


def test_what_a_module_registers_while_it_is_imported_is_the_plugins(
    manager: PluginManager, registries: Registries, make_plugin: MakePlugin, job: Text
) -> None:
    source = make_plugin({"events.py": job("example.nightly")})

    plugin = manager.load(source, generation=3)

    assert registries.event_types.require("example.nightly").owner == "nightly"
    assert (plugin.name, plugin.generation, plugin.event_types) == ("nightly", 3, ("example.nightly",))
    assert manager.loaded() == (plugin,)


def test_what_load_registers_is_the_plugins(
    manager: PluginManager, registries: Registries, make_plugin: MakePlugin
) -> None:
    source = make_plugin(
        {
            "actions.py": """
            from duetime.core.registration import Entry, Kind, register

            def stop(bot, settings, matches, non_matches):
                pass

            def load():
                register(Entry(Kind.ACTION, "example.stop", stop))
                register(Entry(Kind.FILTER, "example.old", stop))
            """
        }
    )

    plugin = manager.load(source, generation=1)

    assert registries.actions.require("example.stop").owner == "nightly"
    assert (plugin.actions, plugin.filters) == (("example.stop",), ("example.old",))


def test_every_module_is_imported_before_any_load_runs(
    manager: PluginManager, make_plugin: MakePlugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    log: list[str] = []
    monkeypatch.setattr(sys, "plugin_log", log, raising=False)
    text = """
        import sys
        name = __name__.rpartition(".")[2]
        sys.plugin_log.append(f"import {name}")

        def load():
            sys.plugin_log.append(f"load {name}")

        def unload():
            sys.plugin_log.append(f"unload {name}")
        """
    manifest = '{"initial_modules": ["late.py", "early.py"]}'
    source = make_plugin({"plugin.json": manifest, "early.py": text, "late.py": text, "unnamed.py": text})

    manager.load(source, generation=1)
    manager.unload("nightly")

    expected = ["import late", "import early", "load late", "load early", "unload early", "unload late"]
    assert log == expected


def test_without_a_manifest_the_modules_come_in_the_order_of_their_names(
    manager: PluginManager, make_plugin: MakePlugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    log: list[str] = []
    monkeypatch.setattr(sys, "plugin_log", log, raising=False)
    text = "import sys\nsys.plugin_log.append(__name__.partition('.')[2])\n"
    names = ["__init__", "b", "a", "__main__", "setup", "conftest", "test_a", "a.copy", ".a"]
    source = make_plugin({f"{name}.py": text for name in names})

    manager.load(source, generation=1)

    assert log == ["", "a", "b"]


def test_the_package_itself_may_have_a_load(manager: PluginManager, make_plugin: MakePlugin, job: Text) -> None:
    source = make_plugin(
        {
            "__init__.py": "from . import events\n\ndef load():\n    events.register_it()\n",
            "events.py": "def register_it():\n    " + job("example.a").replace("\n", "\n    ").rstrip() + "\n",
            "plugin.json": '{"initial_modules": ["events.py"]}',
        }
    )
    assert manager.load(source, generation=1).event_types == ("example.a",)


def test_a_load_that_needs_arguments_is_some_other_function(manager: PluginManager, make_plugin: MakePlugin) -> None:
    source = make_plugin({"a.py": "from json import load\n", "b.py": "def load(path):\n    raise AssertionError\n"})
    assert manager.load(source, generation=1).name == "nightly"


def test_hooks_of_one_name_stand_beside_each_other(
    manager: PluginManager, registries: Registries, make_plugin: MakePlugin
) -> None:
    text = """
        from duetime.core.hooks import hookpoint

        @hookpoint("divvycloud.instance.created")
        @hookpoint("divvycloud.instance.modified")
        def changed(resource, old_resource_data=None, user_resource_id=None):
            return __name__
        """
    manager.load(make_plugin({"hooks.py": text}, name="one"), generation=1)
    manager.load(make_plugin({"hooks.py": text}, name="two"), generation=1)

    handlers = handlers_of("divvycloud.instance.created", registries=registries)

    assert [handler(None).split("_")[2] for handler in handlers] == ["one", "two"]
    assert not handlers_of("divvycloud.instance", registries=registries)
    manager.unload("one")
    assert len(handlers_of("divvycloud.instance.modified", registries=registries)) == 1


def test_a_plugin_says_what_it_is(manager: PluginManager, make_plugin: MakePlugin) -> None:
    source = make_plugin(
        {
            "plugin.py": """
            from duetime.plugins.metadata import PluginMetadata

            class metadata(PluginMetadata):
                version = "1.1"
                nickname = "Nightly"
                managed = True
                cost_centre = 7
            """
        }
    )
    facts = manager.load(source, generation=1).metadata
    assert facts == {"version": "1.1", "nickname": "Nightly", "managed": True, "cost_centre": 7}


def test_a_plugin_is_loaded_once(manager: PluginManager, make_plugin: MakePlugin, job: Text) -> None:
    first = make_plugin({"events.py": job("example.nightly")})
    manager.load(first, generation=1)
    with pytest.raises(DuplicateRegistration, match=str(first.path)):
        manager.load(first, generation=2)
    assert [plugin.generation for plugin in manager.loaded()] == [1]


def test_one_id_in_two_plugins_is_refused_and_both_are_named(
    manager: PluginManager, registries: Registries, make_plugin: MakePlugin, job: Text, modules: Modules
) -> None:
    manager.load(make_plugin({"events.py": job("example.nightly")}, name="first"), generation=1)
    before = modules()
    second = make_plugin({"events.py": job("example.other") + job("example.nightly")}, name="second")

    with pytest.raises(DuplicateRegistration) as caught:
        manager.load(second, generation=1)

    assert (caught.value.owner, caught.value.newcomer) == ("first", "second")
    assert [*registries.event_types] == ["example.nightly"]
    assert [plugin.name for plugin in manager.loaded()] == ["first"]
    assert modules() == before


def test_two_classes_under_one_id_in_one_plugin_are_refused_where_the_second_stands(
    manager: PluginManager, registries: Registries, make_plugin: MakePlugin, job: Text
) -> None:
    source = make_plugin({"a.py": job("example.nightly"), "b.py": job("example.nightly")})
    with pytest.raises(PluginFailed, match=r"b\.py:7: .*example\.nightly.* already registered"):
        manager.load(source, generation=1)
    assert not [*registries.event_types]


def test_a_built_in_is_covered_and_uncovered(
    manager: PluginManager, registries: Registries, make_plugin: MakePlugin, job: Text
) -> None:
    registries.add(Entry(Kind.EVENT_TYPE, "divvy.stop_resource", object), owner=BUILTIN)
    source = make_plugin({"events.py": job("divvy.stop_resource") + job("example.nightly")})

    plugin = manager.load(source, generation=1)

    assert plugin.overrides == ("divvy.stop_resource",)
    assert registries.event_types.require("divvy.stop_resource").owner == "nightly"
    manager.unload("nightly")
    assert registries.event_types.require("divvy.stop_resource").item is object


def test_what_makes_no_sense_is_refused_where_it_is_defined(
    registries: Registries, make_plugin: MakePlugin, job: Text, modules: Modules
) -> None:
    def check(entry: Entry) -> None:
        if entry.name == "example.bad":
            problem = f"{entry.item.__name__}.max_group must be a whole number."
            raise ValueError(problem)

    source = make_plugin({"a.py": job("example.good"), "b.py": job("example.bad")})
    with pytest.raises(PluginFailed, match=r"b\.py:3: ValueError: Job\.max_group must be a whole number\. Nothing"):
        PluginManager(registries, check=check).load(source, generation=1)
    assert not [*registries.event_types]
    assert not modules()


def test_one_plugin_serves_two_apps_of_a_process(make_plugin: MakePlugin, job: Text) -> None:
    source = make_plugin({"events.py": job("example.nightly")})
    one, other = Registries(), Registries()
    first, second = PluginManager(one), PluginManager(other)

    first.load(source, generation=1)
    second.load(source, generation=1)

    classes = [each.event_types.require("example.nightly").item for each in (one, other)]
    assert classes[0] is not classes[1]
    first.unload("nightly")
    assert "example.nightly" not in one.event_types
    assert other.event_types.require("example.nightly").item is classes[1]


def test_built_in_modules_register_in_every_app(registries: Registries) -> None:
    module = ModuleType("ours")
    vars(module)["load"] = lambda: register(Entry(Kind.EVENT_TYPE, "divvy.stop_resource", object))
    for each in (registries, Registries()):
        PluginManager(each).load_builtin([module])
        assert each.event_types.require("divvy.stop_resource").owner == BUILTIN
        assert PluginManager(each).loaded() == ()


def test_plugins_are_loaded_from_several_threads(
    manager: PluginManager, registries: Registries, make_plugin: MakePlugin, job: Text
) -> None:
    sources = [make_plugin({"events.py": job(f"example.{number}")}, name=f"p{number}") for number in range(8)]
    threads = [threading.Thread(target=manager.load, args=(one,), kwargs={"generation": 1}) for one in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    owners = {entry.name: entry.owner for entry in registries.event_types.entries()}
    assert owners == {f"example.{number}": f"p{number}" for number in range(8)}
