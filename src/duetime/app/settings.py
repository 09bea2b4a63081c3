"""The settings of a process, read in one place: `duetime.toml` and the environment, which goes before it."""

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, ValidationError, field_validator

from duetime.app.destinations import read_destinations
from duetime.bots.durations import read_duration
from duetime.core.destinations import Destinations
from duetime.core.errors import Invalid, InvalidDocument, InvalidSetting, nearest
from duetime.plugins.trust import require_trusted
from duetime.store.engine import parse_url

FILE_NAME = "duetime.toml"
PREFIX = "DUETIME_"
CONFIG = "DUETIME_CONFIG"
"""Names the settings file; without it, `duetime.toml` in the working folder is read if there is one."""
_NOT_OURS = frozenset({CONFIG, "DUETIME_REQUIRE"})
"""Variables with the prefix that are no settings: the file's name, and one that only the tests read."""


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def read_age(value: object) -> timedelta:
    """Return a length of time as a setting says it; 0 means none.

    Raises:
        ValueError: it is no such thing.
    """
    if isinstance(value, timedelta):
        return value
    try:
        return timedelta(0) if str(value).strip() == "0" else read_duration(value, name="max_inventory_age")
    except InvalidSetting as error:
        raise ValueError(str(error)) from error


def _setting(default: Any, *, meaning: str, wanted: str, **limits: Any) -> Any:
    return Field(default, description=meaning, json_schema_extra={"wanted": wanted}, **limits)


class Settings(BaseModel):
    """What can be set. Each field is a key of `duetime.toml` and, in capitals after `DUETIME_`, a variable."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database_url: str = _setting(
        "sqlite:///duetime.db",
        meaning="where the database is: a file of SQLite, or a PostgreSQL server",
        wanted="sqlite:///duetime.db or postgresql://user@host/name",
        repr=False,  # it may hold a password
    )
    plugins: tuple[Path, ...] = _setting(
        (),
        meaning="folders of plugins; in the environment separated as in PATH",
        wanted="a list of folders",
    )
    lease_seconds: int = _setting(
        30,
        meaning="how long a silent worker keeps its claims",
        wanted="a whole number of seconds from 1 to 3600",
        ge=1,
        le=3600,
    )
    worker_slots: int = _setting(
        8, meaning="how many jobs a worker runs at once", wanted="a whole number from 1 to 256", ge=1, le=256
    )
    poll_seconds: float = _setting(
        0.5,
        meaning="how often a worker that waits looks for events that others have scheduled",
        wanted="a number of seconds from 0.01 to 60",
        ge=0.01,
        le=60,
    )
    drain_seconds: float = _setting(
        30.0,
        meaning="how long running jobs may go on when a worker is asked to stop",
        wanted="a number of seconds from 0 to 86400",
        ge=0,
        le=86400,
    )
    max_argument_bytes: int = _setting(
        65536,
        meaning="how large the arguments of one event may be",
        wanted="a whole number of bytes from 1024 to 16777216",
        ge=1024,
        le=16777216,
    )
    history_days: int = _setting(
        400,
        meaning="after how many days history and ended events are deleted; 0 keeps them for ever",
        wanted="a whole number of days from 0 to 36500",
        ge=0,
        le=36500,
    )
    max_inventory_age: Annotated[timedelta, BeforeValidator(read_age)] = _setting(
        "24h",
        meaning="how old an account's last harvest may be for bots to act on it; 0 asks for no limit",
        wanted="a length of time such as 36h or 7d, or 0",
        validate_default=True,
    )
    owners: Annotated[Literal["any", "known"], BeforeValidator(_lower)] = _setting(
        "any",
        meaning="whose bots may act: anybody's, or only those of users who are registered",
        wanted="any or known",
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = _setting(
        "info", meaning="which log lines a worker writes", wanted="debug, info, warning or error"
    )
    log_format: Annotated[Literal["console", "json"], BeforeValidator(_lower)] = _setting(
        "console", meaning="how log lines are written: for people, or for programs", wanted="console or json"
    )

    destinations: Annotated[Destinations, PlainValidator(read_destinations)] = _setting(
        Destinations(),
        meaning="where messages go, by name; see [messages](../guides/messages.md)",
        wanted="a table by name; in the environment a JSON object",
    )

    @field_validator("database_url")
    @classmethod
    def _readable(cls, value: str) -> str:
        parse_url(value)
        return value

    @field_validator("plugins")
    @classmethod
    def _at_home(cls, value: tuple[Path, ...]) -> tuple[Path, ...]:
        return tuple(path.expanduser() for path in value)


def read_settings(*, environment: Mapping[str, str] | None = None, folder: Path | None = None) -> Settings:
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
        return Settings.model_validate(written | told)
    except ValidationError as error:
        raise _refusal(error, from_file=path, told=told) from None


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
        if isinstance(value, bool):  # pydantic would take true for 1
            raise InvalidSetting(name, f"must be {_wanted(name)}, not {str(value).lower()}, in {path}")
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
            told[name] = _folders(value) if name == "plugins" else value
    return told


def _folders(value: str) -> tuple[str, ...]:
    return tuple(part for part in value.split(os.pathsep) if part)


def _unknown(name: str, *, near: Sequence[str], place: str = "") -> InvalidSetting:
    known = "" if near else f"; the settings are {', '.join(Settings.model_fields)}"
    return InvalidSetting(name, f"there is no such setting{place}{known}", near=near)


def _wanted(name: str) -> str:
    extra = Settings.model_fields[name].json_schema_extra
    return str(extra["wanted"]) if isinstance(extra, dict) else "something else"


def _refusal(error: ValidationError, *, from_file: Path | None, told: Mapping[str, Any]) -> Invalid:
    """Say the first problem in our own words, with the name and place that the user wrote."""
    first = error.errors()[0]
    name = str(first["loc"][0])
    if name == "destinations":  # says what is wrong itself, and the value holds secrets
        said = str(first.get("ctx", {}).get("error", "they cannot be read"))
        where = "" if name in told or from_file is None else f", in {from_file}"
        return InvalidSetting(variable_of(name) if name in told else name, f"{said}{where}")
    value = repr(told.get(name, first["input"]))[:80]
    shown = "" if name == "database_url" else f", not {value}"
    place = "" if name in told or from_file is None else f", in {from_file}"
    return InvalidSetting(variable_of(name) if name in told else name, f"must be {_wanted(name)}{shown}{place}")
