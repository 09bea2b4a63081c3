from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from duetime.core.errors import InvalidDocument
from duetime.plugins.manifest import read_manifest

MakeFiles = Callable[[Path, Mapping[str, str]], None]


@pytest.fixture
def read(tmp_path: Path, make_files: MakeFiles) -> Callable[[str], tuple[str, ...] | None]:
    """Return a function that reads a `plugin.json` of the given text."""

    def read_text(text: str) -> tuple[str, ...] | None:
        make_files(tmp_path, {"plugin.py": "", "events.py": "", "parts/deep.py": ""})
        (tmp_path / "plugin.json").write_text(text, encoding="utf-8")
        return read_manifest(tmp_path)

    return read_text


def test_the_modules_in_their_order(read: Callable[[str], tuple[str, ...] | None]) -> None:
    found = read('\ufeff{"initial_modules": ["plugin.py", "parts/deep.py", "events.py", "plugin.py"]}')
    assert found == ("plugin.py", "parts/deep.py", "events.py")


def test_a_folder_need_not_have_one(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) is None


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", 1, "it is no JSON"),
        ('{\n"initial_modules": [\n"plugin.py",]}', 3, "it is no JSON"),
        ("[]", 1, "a JSON object is wanted"),
        ("null", 1, "a JSON object is wanted"),
        ("{}", 1, "initial_modules is missing"),
        ('{\n\n"inital_modules": ["plugin.py"]}', 3, "'inital_modules' is unknown; did you mean initial_modules"),
        ('{"initial_modules": ["plugin.py"],\n"zzz": 1}', 2, "'zzz' is unknown; only initial_modules is known"),
        ('{"initial_modules": ["plugin.py"],\n"initial_modules": []}', 1, "'initial_modules' stands here twice"),
        ('{\n"initial_modules": "plugin.py"}', 2, "must be a list of file names"),
        ('{\n"initial_modules": []}', 2, "must be a list of file names"),
        ('{"initial_modules": [\n"plugin.py",\n7]}', 3, "7 is no Python file name"),
        ('{"initial_modules": [\n"plugin.py",\n"events"]}', 3, '"events" is no Python file name'),
        ('{"initial_modules": [\n"../plugin.py"]}', 2, "must name a module inside the folder"),
        ('{"initial_modules": [\n"/plugin.py"]}', 2, "must name a module inside the folder"),
        ('{"initial_modules": [\n"parts\\\\deep.py"]}', 2, "must name a module inside the folder"),
        ('{"initial_modules": [\n"a.b.py"]}', 2, "must name a module inside the folder"),
        ('{"initial_modules": [\n"event.py"]}', 2, 'there is no file "event.py"; did you mean events.py'),
        ('{"initial_modules": [\n"zzzzzz.py"]}', 2, 'there is no file "zzzzzz.py".'),
        ("[" * 100_000, 1, "it is nested too deeply"),
    ],
)
def test_what_it_must_say(
    read: Callable[[str], tuple[str, ...] | None], tmp_path: Path, text: str, line: int, problem: str
) -> None:
    with pytest.raises(InvalidDocument) as caught:
        read(text)
    assert problem in str(caught.value)
    assert (caught.value.source, caught.value.line) == (str(tmp_path / "plugin.json"), line)


def test_a_file_that_is_no_utf_8(tmp_path: Path) -> None:
    (tmp_path / "plugin.json").write_bytes(b'{\n"initial_modules": ["\xff"]}')
    with pytest.raises(InvalidDocument, match=r"plugin\.json, line 2: it is not UTF-8"):
        read_manifest(tmp_path)


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "plugin.json").mkdir()
    with pytest.raises(InvalidDocument, match="it cannot be read: Is a directory"):
        read_manifest(tmp_path)
