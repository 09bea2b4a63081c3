"""The settings of the database, the workers and the bots."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, PlainValidator, field_validator

from duetime.app.destinations import read_destinations
from duetime.app.setting_field import PATHS, lower, read_span, setting
from duetime.core.destinations import Destinations
from duetime.store.engine import parse_url


class WorkPart(BaseModel):
    """What every process works by."""

    database_url: str = setting(
        "sqlite:///duetime.db",
        meaning="where the database is: a file of SQLite, or a PostgreSQL server",
        wanted="sqlite:///duetime.db or postgresql://user@host/name",
        repr=False,  # it may hold a password
    )
    plugins: tuple[Path, ...] = setting(
        (),
        meaning="folders of plugins; in the environment separated as in PATH",
        wanted="a list of folders",
        separator=PATHS,
    )
    lease_seconds: int = setting(
        30,
        meaning="how long a silent worker keeps its claims",
        wanted="a whole number of seconds from 1 to 3600",
        ge=1,
        le=3600,
    )
    worker_slots: int = setting(
        8, meaning="how many jobs a worker runs at once", wanted="a whole number from 1 to 256", ge=1, le=256
    )
    poll_seconds: float = setting(
        0.5,
        meaning="how often a worker that waits looks for events that others have scheduled",
        wanted="a number of seconds from 0.01 to 60",
        ge=0.01,
        le=60,
    )
    drain_seconds: float = setting(
        30.0,
        meaning="how long running jobs may go on when a worker is asked to stop",
        wanted="a number of seconds from 0 to 86400",
        ge=0,
        le=86400,
    )
    max_argument_bytes: int = setting(
        65536,
        meaning="how large the arguments of one event may be",
        wanted="a whole number of bytes from 1024 to 16777216",
        ge=1024,
        le=16777216,
    )
    history_days: int = setting(
        400,
        meaning="after how many days history and ended events are deleted; 0 keeps them for ever",
        wanted="a whole number of days from 0 to 36500",
        ge=0,
        le=36500,
    )
    max_inventory_age: Annotated[timedelta, BeforeValidator(read_span)] = setting(
        "24h",
        meaning="how old an account's last harvest may be for bots to act on it; 0 asks for no limit",
        wanted="a length of time such as 36h or 7d, or 0",
        validate_default=True,
    )
    owners: Annotated[Literal["any", "known"], BeforeValidator(lower)] = setting(
        "any",
        meaning="whose bots may act: anybody's, or only those of users who are registered",
        wanted="any or known",
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(lower)] = setting(
        "info", meaning="which log lines a worker writes", wanted="debug, info, warning or error"
    )
    log_format: Annotated[Literal["console", "json"], BeforeValidator(lower)] = setting(
        "console", meaning="how log lines are written: for people, or for programs", wanted="console or json"
    )
    destinations: Annotated[Destinations, PlainValidator(read_destinations)] = setting(
        Destinations(),
        meaning="where messages go, by name; see [messages](../guides/messages.md)",
        wanted="a table by name; in the environment a JSON object",
        repr=False,  # addresses hold secrets
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
