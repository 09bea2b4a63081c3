"""The reference pages say what is true: every command and option, every setting, every exit code."""

import re
from pathlib import Path

import pytest
import typer
from tests.docs.console import Reader

from duetime.app.settings import Settings, variable_of, wanted
from duetime.cli.exit_codes import ExitCode
from duetime.cli.main import app
from duetime.core.destinations import Destinations

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def rows_of(page: str) -> list[list[str]]:
    """Return the cells of the first table of a page, without its head."""
    text = (REFERENCE / page).read_text(encoding="utf-8")
    rows = [row for row in text.splitlines() if row.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def test_every_setting_stands_in_its_page_as_it_is() -> None:
    assert rows_of("settings.md") == [
        [
            f"`{name}`",
            f"`{variable_of(name)}`",
            f"`{_shown(field.default)}`" if field.default not in ((), {}, Destinations(), "", None) else "none",
            wanted(name),
            str(field.description),
        ]
        for name, field in Settings.model_fields.items()
    ]


def _shown(default: object) -> str:
    return str(default).lower() if isinstance(default, bool) else str(default)


def test_every_exit_code_stands_in_its_page() -> None:
    codes = [(int(code), code.name.lower().replace("_", " ")) for code in ExitCode]
    assert [(int(row[0]), row[1]) for row in rows_of("exit-codes.md")] == codes


def sections() -> dict[str, str]:
    """Return what the page of the command line says of each command."""
    text = (REFERENCE / "cli.md").read_text(encoding="utf-8")
    parts = re.split(r"^#{2,4} duetime (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def commands(group: object = None, path: str = "") -> dict[str, object]:
    """Return every command by the words after `duetime`; a group may stand in another one."""
    found: dict[str, object] = {}
    for name, command in (group or typer.main.get_command(app)).commands.items():  # type: ignore[attr-defined]
        words = f"{path} {name}".strip()
        found |= commands(command, words) if hasattr(command, "commands") else {words: command}
    return found


def test_every_command_has_a_section_and_no_section_is_left_over() -> None:
    groups = {name.rpartition(" ")[0] for name in commands() if " " in name}
    assert sections().keys() == commands().keys() | groups


@pytest.mark.parametrize("name", sorted(commands()))
def test_a_section_says_what_help_says_and_shows_an_example(name: str) -> None:
    section, command = sections()[name], commands()[name]
    assert " ".join(str(command.help).split()) in " ".join(section.split())  # type: ignore[attr-defined]
    assert f"$ duetime {name}" in section
    for parameter in command.params:  # type: ignore[attr-defined]
        if getattr(parameter, "hidden", False) or "--json" in parameter.opts or "--help" in parameter.opts:
            continue
        option = parameter.opts[0] if parameter.opts[0].startswith("-") else parameter.metavar
        assert f"`{option}`" in section
        assert parameter.help.replace("|", "\\|") in section


@pytest.mark.acceptance
@pytest.mark.slow
def test_the_examples_of_the_command_line_are_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    reader = Reader(tmp_path)
    reader.follow(REFERENCE / "cli.md")
    assert not reader.problems, "\n\n".join(reader.problems)
    assert len(reader.transcript) > 25
