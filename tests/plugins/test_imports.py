"""What import statements inside plugins mean, while they load and later."""

import importlib
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from duetime.core.errors import PluginFailed
from duetime.core.registration import Registries
from duetime.plugins.plugin_manager import PluginManager
from duetime.plugins.source import PluginSource

MakePlugin = Callable[..., PluginSource]
Modules = Callable[[], list[str]]
Result = Callable[..., object]

RESULT = "from duetime.core.registration import Entry, Kind, register\nregister(Entry(Kind.EVENT_TYPE, 'result', {}))\n"


@pytest.fixture
def result(manager: PluginManager, registries: Registries, make_plugin: MakePlugin) -> Result:
    """Return a function that loads a plugin and returns what its `main.py` computes."""

    def compute(main: str, others: dict[str, str] | None = None, *, give: str = "x", name: str = "nightly") -> object:
        manifest = '{"initial_modules": ["main.py"]}'
        files = {"plugin.json": manifest, "main.py": f"{main}\n{RESULT.format(give)}", **(others or {})}
        manager.load(make_plugin(files, name=name), generation=1)
        return registries.event_types.require("result").item

    return compute


OTHERS = {
    "helper.py": "VALUE = 'helper'\nimport sys\nNAME = __name__\n",
    "parts/__init__.py": "WHERE = __name__",
    "parts/deep.py": "from . import WHERE\nfrom ..helper import VALUE\nimport helper\nDEPTH = VALUE + helper.VALUE",
    "folder/inner.py": "VALUE = 'inner'",
}


@pytest.mark.parametrize(
    ("statement", "expression"),
    [
        ("import helper", "helper.VALUE"),
        ("import helper as h", "h.VALUE"),
        ("from helper import VALUE", "VALUE"),
        ("from helper import VALUE as v", "v"),
        ("from helper import *", "VALUE"),
        ("from . import helper", "helper.VALUE"),
        ("from .helper import VALUE", "VALUE"),
        ("from nightly import helper", "helper.VALUE"),
        ("import nightly.helper", "nightly.helper.VALUE"),
        ("from plugins.nightly.helper import VALUE", "VALUE"),
        ("from plugins.nightly import helper", "helper.VALUE"),
        ("import plugins.nightly.helper", "plugins.nightly.helper.VALUE"),
        ("import plugins.nightly.helper as h", "h.VALUE"),
        ("helper = __import__('helper')", "helper.VALUE"),
        ("exec('import helper')", "helper.VALUE"),
    ],
)
@pytest.mark.parametrize("lazy", [False, True], ids=["at_load", "at_run_time"])
def test_its_own_modules(result: Result, modules: Modules, statement: str, expression: str, lazy: bool) -> None:
    if lazy and "*" not in statement and "exec" not in statement:
        function = result(f"def x():\n    {statement}\n    return {expression}", OTHERS)
        assert callable(function)
        assert function() == "helper"
    else:
        assert result(statement, OTHERS, give=expression) == "helper"
    assert [name.partition(".")[2] for name in modules()] == ["", "helper", "main"]
    assert all(name.startswith("duetime_plugin_nightly_g1") for name in modules())
    assert "helper" not in sys.modules


@pytest.mark.parametrize(
    ("statement", "expression"),
    [
        ("import parts.deep", "parts.deep.DEPTH"),
        ("import parts.deep as d", "d.DEPTH"),
        ("from parts import deep", "deep.DEPTH"),
        ("from parts.deep import DEPTH", "DEPTH"),
        ("from .parts.deep import DEPTH", "DEPTH"),
    ],
)
def test_its_own_packages(result: Result, statement: str, expression: str) -> None:
    assert result(statement, OTHERS, give=expression) == "helperhelper"


def test_a_folder_without_init_is_a_package_if_nothing_else_is_called_so(result: Result) -> None:
    others = {**OTHERS, "yaml/readme.py": "", "main_of.py": "from folder.inner import VALUE"}
    found = result("import yaml\nimport folder.inner\nimport main_of", others, give="(yaml, folder.inner.VALUE)")
    assert found == (importlib.import_module("yaml"), "inner")


@pytest.mark.parametrize("name", ["json", "duetime", "calendar"])
def test_the_standard_library_and_duetime_stay_themselves(result: Result, name: str) -> None:
    assert result(f"import {name} as x", {f"{name}.py": "raise AssertionError"}) is importlib.import_module(name)


def test_its_own_come_before_what_is_installed(result: Result) -> None:
    assert result("from yaml import VALUE as x", {"yaml.py": "VALUE = 'own'"}) == "own"


def test_a_plugin_may_be_called_like_an_installed_package(result: Result) -> None:
    assert result("import yaml as x", name="yaml") is importlib.import_module("yaml")


def test_what_an_installed_package_misses_is_said(
    manager: PluginManager, make_plugin: MakePlugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "acme_broken.py").write_text("import acme_missing")
    monkeypatch.syspath_prepend(str(tmp_path))
    source = make_plugin({"events.py": "\nimport acme_broken"}, name="acme_broken")
    with pytest.raises(PluginFailed, match=r"events\.py:2: .*No module named 'acme_missing'"):
        manager.load(source, generation=1)


def test_what_its_own_module_misses_is_said_where_it_stands(manager: PluginManager, make_plugin: MakePlugin) -> None:
    source = make_plugin({"events.py": "import helper", "helper.py": "\nimport acme_missing"})
    with pytest.raises(PluginFailed, match=r"helper\.py:2: .*No module named 'acme_missing'"):
        manager.load(source, generation=1)


def test_each_plugin_has_its_own_modules(
    manager: PluginManager, registries: Registries, make_plugin: MakePlugin
) -> None:
    text = """
        from duetime.core.registration import Entry, Kind, register
        from helper import VALUE

        def later():
            import helper
            return VALUE, helper.VALUE

        register(Entry(Kind.EVENT_TYPE, VALUE, later))
        """
    for name in ("one", "two"):
        manager.load(make_plugin({"events.py": text, "helper.py": f"VALUE = {name!r}"}, name=name), generation=1)
    assert [registries.event_types.require(name).item() for name in ("one", "two")] == [("one",) * 2, ("two",) * 2]


def test_a_plugin_does_not_see_anothers_modules(manager: PluginManager, make_plugin: MakePlugin) -> None:
    manager.load(make_plugin({"helper.py": ""}, name="one"), generation=1)
    with pytest.raises(PluginFailed, match="No module named 'helper'"):
        manager.load(make_plugin({"events.py": "import helper"}, name="two"), generation=1)


def test_modules_may_import_each_other_in_a_circle(result: Result, modules: Modules) -> None:
    others = {
        "a.py": "import b\nfrom b import B\nimport main\nA = 'a'\ndef both():\n    return A + b.B + B + main.M",
        "b.py": "import a\nfrom . import a as again\nB = 'b'\nassert again is a",
    }
    found = result("M = 'm'\nimport a", others, give="a.both")
    assert callable(found)
    assert found() == "abbm"
    assert len(modules()) == 4


def test_a_circle_that_cannot_be_closed_is_said(manager: PluginManager, make_plugin: MakePlugin) -> None:
    source = make_plugin({"a.py": "from b import B\nA = 1", "b.py": "from a import A\nB = 1"})
    with pytest.raises(PluginFailed, match=r"b\.py:1: .*'A' from partially initialized module 'nightly\.a'"):
        manager.load(source, generation=1)


def test_threads_import_what_the_plugin_would(result: Result) -> None:
    text = """
import threading
found = []
def look():
    import helper
    from parts.deep import DEPTH
    found.append((helper.VALUE, DEPTH))
thread = threading.Thread(target=look)
thread.start()
thread.join()
def later():
    look()
    return found
"""
    later = result(text, OTHERS, give="later")
    assert callable(later)
    thread = threading.Thread(target=later)
    thread.start()
    thread.join()
    assert later() == [("helper", "helperhelper")] * 3


def test_data_files_are_found_beside_the_code(result: Result) -> None:
    text = """
import pkgutil, pathlib
from importlib.resources import files
first = pkgutil.get_data(__package__, "rates.txt").decode()
second = files(__package__).joinpath("rates.txt").read_text()
third = pathlib.Path(__file__).with_name("rates.txt").read_text()
"""
    assert result(text, {"rates.txt": "7"}, give="(first, second, third)") == ("7", "7", "7")


def test_annotations_can_be_resolved(result: Result) -> None:
    text = """
from __future__ import annotations
import dataclasses, typing

@dataclasses.dataclass
class Rate:
    value: int
    inner: Rate | None = None

x = typing.get_type_hints(Rate)["inner"]
"""
    assert "Rate" in str(result(text))


def test_builtins_of_others_are_left_alone(result: Result) -> None:
    import builtins

    before = builtins.__import__
    assert result("x = __import__") is not before
    assert builtins.__import__ is before
