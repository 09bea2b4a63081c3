"""The settings of a process, read in one place: `duetime.toml` and the environment, which goes before it."""

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, ValidationError

from duetime.app.observe_part import ObservePart
from duetime.app.web_part import WebPart
from duetime.app.work_part import WorkPart
from duetime.core.errors import Invalid, InvalidDocument, InvalidSetting, nearest
from duetime.plugins.trust import require_trusted

FILE_NAME = "duetime.toml"
PREFIX = "DUETIME_"
CONFIG = "DUETIME_CONFIG"
"""Names the settings file; without it, `duetime.toml` in the working folder is read if there is one."""
_NOT_OURS = frozenset({CONFIG, "DUETIME_REQUIRE"})
"""Variables with the prefix that are no settings: the file's name, and one that only the tests read."""


class Settings(ObservePart, WebPart, WorkPart):
    """What can be set. Each field is a key of `duetime.toml` and, in capitals after `DUETIME_`, a variable."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(StrEnum):
    """Where the value of a setting comes from."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class Reading:
    """Settings, and where they come from.

    Attributes:
        settings: what holds.
        file: the settings file; None = there is none.
        written: the settings that stand in the file.
        told: the settings that variables say; they go before the file.
    """

    settings: Settings
    file: Path | None
    written: frozenset[str]
    told: frozenset[str]

    def source_of(self, name: str) -> Source:
        """Return where a setting comes from."""
        if name in self.told:
            return Source.ENVIRONMENT
        return Source.FILE if name in self.written else Source.DEFAULT


def read_settings(*, environment: Mapping[str, str] | None = None, folder: Path | None = None) -> Settings:
    """Return the settings, as `read_all` reads them."""
    return read_all(environment=environment, folder=folder).settings


def read_all(*, environment: Mapping[str, str] | None = None, folder: Path | None = None) -> Reading:
    """Read the settings. This is the only place of duetime that looks at the environment.

    Args:
        environment: the variables; None = those of the process.
        folder: the working folder; None = that of the process.

    Raises:
        InvalidSetting: a name is unknown or a value does not fit. A value that may hold a password is not shown.
        InvalidDocument: the file is no TOML, or cannot be read.
        UnsafeFile: somebody else could have written the file.
    """
    variables = os.environ if environment is None else environment
    path = _file(variables, folder or Path.cwd())
    written = {} if path is None else _from_file(path)
    told = _from_environment(variables)
    try:
        settings = Settings.model_validate(written | told)
    except ValidationError as error:
        raise _refusal(error, from_file=path, told=told) from None
    return Reading(settings, path, frozenset(written), frozenset(told))


def variable_of(name: str) -> str:
    """Return the environment variable of a setting."""
    return PREFIX + name.upper()


def _file(variables: Mapping[str, str], folder: Path) -> Path | None:
    named = variables.get(CONFIG)
    path = Path(named).expanduser() if named else folder / FILE_NAME
    if path.is_file():
        return path.absolute()
    if named:
        raise InvalidSetting(CONFIG, f"there is no file {path.absolute()}")
    return None


def _from_file(path: Path) -> dict[str, Any]:
    require_trusted(path)
    try:
        body = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise _no_toml(path, str(error)) from None
    except UnicodeDecodeError:
        raise InvalidDocument(str(path), "it is not UTF-8 text") from None
    except OSError as error:
        raise InvalidDocument(str(path), f"it cannot be read: {error.strerror}") from error
    for name, value in body.items():
        if name not in Settings.model_fields:
            near = nearest(name.lower().replace("-", "_"), Settings.model_fields, most=1)
            raise _unknown(name, near=near, place=f", but {path} names it")
        if isinstance(value, bool) != (Settings.model_fields[name].annotation is bool):  # true would pass for 1
            raise InvalidSetting(name, f"must be {wanted(name)}, not {_written(value)}, in {path}")
    return body


def _no_toml(path: Path, said: str) -> InvalidDocument:
    problem, _, place = said.rstrip(")").rpartition(" (at ")
    numbers = [int(number) for number in re.findall(r"\d+", place)]
    line, column = numbers if len(numbers) == 2 else (None, None)
    if line is None:
        problem = said.replace(" (at end of document)", ", and there the file ends")
    return InvalidDocument(str(path), f"it is no TOML: {problem}", line=line, column=column)


def _from_environment(variables: Mapping[str, str]) -> dict[str, Any]:
    known = {variable_of(name): name for name in Settings.model_fields}
    told: dict[str, Any] = {}
    for variable, value in variables.items():
        if not variable.startswith(PREFIX) or variable in _NOT_OURS:
            continue
        name = known.get(variable)
        if name is None:
            near = nearest(variable.removeprefix(PREFIX).lower(), [*Settings.model_fields, "config"], most=1)
            raise _unknown(variable, near=[variable_of(each) for each in near])
        if value.strip():
            told[name] = _parts(value, separator=separator_of(name))
    return told


def separator_of(name: str) -> str | None:
    """Return what parts the values of a setting in the environment; None = it has one value."""
    return _extra(name).get("separator")


def _parts(value: str, *, separator: str | None) -> str | tuple[str, ...]:
    return value if separator is None else tuple(part.strip() for part in value.split(separator) if part.strip())


def _unknown(name: str, *, near: Sequence[str], place: str = "") -> InvalidSetting:
    known = "" if near else f"; the settings are {', '.join(Settings.model_fields)}"
    return InvalidSetting(name, f"there is no such setting{place}{known}", near=near)


def wanted(name: str) -> str:
    """Return what a setting must be, in words."""
    return str(_extra(name)["wanted"])


def _extra(name: str) -> dict[str, Any]:
    extra = Settings.model_fields[name].json_schema_extra
    return extra if isinstance(extra, dict) else {}


def is_secret(name: str) -> bool:
    """Return whether the value of a setting may hold a secret."""
    return not Settings.model_fields[name].repr


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)[:80]


def _refusal(error: ValidationError, *, from_file: Path | None, told: Mapping[str, Any]) -> Invalid:
    """Say the first problem in our own words, with the name and place that the user wrote."""
    first = error.errors()[0]
    name = str(first["loc"][0])
    if name == "destinations":  # says what is wrong itself, and the value holds secrets
        said = str(first.get("ctx", {}).get("error", "they cannot be read"))
        where = "" if name in told or from_file is None else f", in {from_file}"
        return InvalidSetting(variable_of(name) if name in told else name, f"{said}{where}")
    value = repr(told.get(name, first["input"]))[:80]
    shown = "" if is_secret(name) else f", not {value}"
    place = "" if name in told or from_file is None else f", in {from_file}"
    return InvalidSetting(variable_of(name) if name in told else name, f"must be {wanted(name)}{shown}{place}")
