"""Plugins that fail while they are loaded leave nothing behind, and say on which of their lines."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from duetime.core.errors import PluginFailed
from duetime.core.registration import Registries
from duetime.plugins.plugin_manager import PluginManager
from duetime.plugins.source import PluginSource

MakePlugin = Callable[..., PluginSource]
Modules = Callable[[], list[str]]
Text = Callable[[str], str]


@pytest.fixture
def failure(
    manager: PluginManager, registries: Registries, make_plugin: MakePlugin, job: Text, modules: Modules
) -> Callable[[str], PluginFailed]:
    """Return a function that loads a plugin whose second module of three is given, and returns how that failed."""

    def fail(text: str) -> PluginFailed:
        source = make_plugin({"a.py": job("example.a"), "b.py": text, "c.py": job("example.c")})
        with pytest.raises(PluginFailed) as caught:
            manager.load(source, generation=1)
        assert not [*registries.event_types]
        assert not modules()
        assert manager.loaded() == ()
        return caught.value

    return fail


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("\n1 / 0\n", 2, "ZeroDivisionError: division by zero"),
        ("def f():\n    raise KeyError('x')\n\ndef g():\n    f()\n\ng()\n", 2, "KeyError: 'x'"),
        ("import json\njson.loads('{')\n", 2, "JSONDecodeError: .*"),
        ("def load():\n    raise OSError('full')\n", 2, "OSError: full"),
        ("x = 1\ny = = 2\n", 2, "SyntaxError: invalid syntax"),
        ("if True:\nx = 1\n", 2, "IndentationError: expected an indented block.*"),
        ("import sys\nsys.exit()\n", 2, r"it tried to end the process with sys\.exit\(\)"),
        ("import sys\nsys.exit('bye')\n", 2, r"it tried to end the process with sys\.exit\('bye'\)"),
        ("raise BaseException\n", 1, "BaseException"),
        ("raise GeneratorExit\n", 1, "GeneratorExit"),
        ("def f():\n    f()\nf()\n", 2, "RecursionError: .*"),
        ("import ast\nast.parse('1 +')\n", 2, "SyntaxError: invalid syntax"),
        ("exec('1 / 0')\n", 1, "ZeroDivisionError: .*"),
        ("import no_such_thing\n", 1, "ModuleNotFoundError: No module named 'no_such_thing'"),
        ("from . import no_such_thing\n", 1, "ImportError: cannot import name 'no_such_thing' from 'nightly'.*"),
        ("import a.deeper\n", 1, "ModuleNotFoundError: No module named 'a.deeper'"),
        ("from .. import above\n", 1, "ImportError: attempted relative import beyond top-level package"),
        ("from a import Nothing\n", 1, "ImportError: cannot import name 'Nothing' from 'nightly.a'.*"),
        (
            "class E(Exception):\n    def __str__(self):\n        return 1 / 0\nraise E\n",
            4,
            "E: its message cannot be shown",
        ),
        ("async def load():\n    pass\n", None, r"TypeError: load\(\) is a coroutine function.*"),
        ("x = '\0'\n", None, ".*null bytes"),
    ],
)
def test_a_plugin_that_fails_half_way(
    failure: Callable[[str], PluginFailed], tmp_path: Path, text: str, line: int | None, problem: str
) -> None:
    error = failure(text)
    file = tmp_path / "plugins/nightly/b.py"
    place = f" at {re.escape(str(file))}:{line}" if line else ""
    assert re.fullmatch(
        f"Plugin nightly failed{place}: {problem}\\. Nothing of it was loaded; mend it and reload\\.", str(error)
    )
    assert (error.file, error.line) == ((str(file), line) if line else (None, None))


def test_a_file_that_is_no_utf_8(manager: PluginManager, make_plugin: MakePlugin, job: Text, modules: Modules) -> None:
    source = make_plugin({"a.py": job("example.a"), "b.py": ""})
    file = Path(source.location) / "b.py"
    file.write_bytes(b"x = 1\ny = '\xff'\n")
    with pytest.raises(PluginFailed, match=r"b\.py:2: SyntaxError: .*utf-8"):
        manager.load(source, generation=1)
    assert not modules()


def test_a_file_in_an_encoding_that_it_names(
    manager: PluginManager, registries: Registries, make_plugin: MakePlugin, job: Text
) -> None:
    source = make_plugin({"a.py": ""})
    text = "# coding: latin-1\n" + job("example.ä")
    (Path(source.location) / "a.py").write_bytes(text.encode("latin-1"))
    manager.load(source, generation=1)
    assert [*registries.event_types] == ["example.ä"]


def test_a_failure_in_a_library_names_the_plugins_line(failure: Callable[[str], PluginFailed]) -> None:
    error = failure("from duetime.core.retry import Retry\n\nRetry(attempts='many', nonsense=1)\n")
    assert error.line == 3
    assert error.__cause__ is not None


def test_an_interrupt_passes_and_leaves_nothing(
    manager: PluginManager, registries: Registries, make_plugin: MakePlugin, job: Text, modules: Modules
) -> None:
    source = make_plugin({"a.py": job("example.a"), "b.py": "raise KeyboardInterrupt"})
    with pytest.raises(KeyboardInterrupt):
        manager.load(source, generation=1)
    assert not modules()
    assert not [*registries.event_types]


def test_modules_that_were_started_are_stopped_when_a_later_one_fails(
    manager: PluginManager, make_plugin: MakePlugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    log: list[str] = []
    monkeypatch.setattr(sys, "plugin_log", log, raising=False)
    hooks = """
        import sys

        def load():
            sys.plugin_log.append("load " + __name__[-1])

        def unload():
            sys.plugin_log.append("unload " + __name__[-1])
        """
    source = make_plugin({"a.py": hooks, "b.py": "def load():\n    raise ValueError\n", "c.py": hooks})
    with pytest.raises(PluginFailed):
        manager.load(source, generation=1)
    assert log == ["load a", "unload a"]


def test_a_mended_plugin_loads(manager: PluginManager, make_plugin: MakePlugin, job: Text) -> None:
    source = make_plugin({"a.py": job("example.a") + "1 / 0\n"})
    with pytest.raises(PluginFailed):
        manager.load(source, generation=1)
    make_plugin({"a.py": job("example.a")})
    assert manager.load(source, generation=1).event_types == ("example.a",)
