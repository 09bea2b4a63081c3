"""`duetime config`: every setting, its value, and where that comes from."""

from typing import TYPE_CHECKING, Any

from duetime.cli.options import Json
from duetime.cli.output import line, table
from duetime.cli.plain import emit
from duetime.core.sanitising import REDACTED

if TYPE_CHECKING:
    from duetime.app.settings import Reading


def config(as_json: Json = False) -> None:
    """List every setting with its value, where that comes from, and what it means.

    Nothing secret is shown. A name that nobody knows or a value that does not fit is refused, as by every other
    command.
    """
    from rich.text import Text

    from duetime.app.settings import Settings, Source, read_all, variable_of, wanted

    reading = read_all()
    shown = {name: _shown(reading, name) for name in Settings.model_fields}
    sources = {name: reading.source_of(name) for name in shown}
    meanings = {name: str(Settings.model_fields[name].description) for name in shown}
    if as_json:
        emit(
            {
                "file": reading.file,
                "settings": [
                    {
                        "name": name,
                        "value": value,
                        "source": sources[name],
                        "variable": variable_of(name),
                        "wanted": wanted(name),
                        "meaning": _plain(meanings[name]),
                    }
                    for name, value in shown.items()
                ],
            }
        )
        return
    styles = {Source.DEFAULT: "", Source.FILE: "cyan", Source.ENVIRONMENT: "green"}
    table(
        ["setting!", "value", "from!", "meaning"],
        (
            [name, _words(value), Text(sources[name], style=styles[sources[name]]), _plain(meanings[name])]
            for name, value in shown.items()
        ),
        empty="",
    )
    line(f"The settings file is {reading.file}." if reading.file else "There is no settings file.")
    line("A variable is the name in capitals after DUETIME_, and goes before the file.")


def _shown(reading: "Reading", name: str) -> Any:
    """Return the value of a setting as it may be shown: without secrets."""
    from duetime.app.settings import is_secret
    from duetime.core.destinations import Destinations
    from duetime.store.engine import without_password

    value = getattr(reading.settings, name)
    if name == "database_url":
        return without_password(value)
    if isinstance(value, Destinations):
        return [each.name for each in value.all]
    if is_secret(name):
        return None if value is None else REDACTED
    return value


def _words(value: Any) -> str:
    from datetime import timedelta

    from duetime.bots.durations import write_duration

    match value:
        case _ if value in (None, "", (), [], {}):
            return ""
        case dict():
            return ", ".join(f"{name}: {each}" for name, each in value.items())
        case bool():
            return str(value).lower()
        case timedelta():
            return write_duration(value) if value else "0"
        case tuple() | list():
            return ", ".join(map(str, value))
        case _:
            return str(value)


def _plain(meaning: str) -> str:
    """Return a meaning without the links of the documentation."""
    return meaning.partition("; see [")[0]
