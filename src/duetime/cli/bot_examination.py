"""Bots of files, and what can be loaded to check them with."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from duetime.cli.output import error_line
from duetime.core.errors import DuetimeError, InvalidDocument, Unavailable

if TYPE_CHECKING:
    from duetime.app.app import App
    from duetime.bots.document import Examined


def examine(paths: Sequence[Path], *, older: bool = True) -> "list[Examined]":
    """Read the bots of files, in the present form or, if `older` says so, in the older one too.

    What is wrong is among their complaints: a file that cannot be read, and a bot that stands in two of them, too.
    """
    examined = [_examine(path, older=older) for path in paths]
    seen: dict[str, str] = {}
    for each in examined:
        for name, bot in {bot.definition.name: bot for bot in each.bots if bot.definition.name}.items():
            if name in seen:
                each.complaints.add(bot.error(f"the bot {name!r} stands in {seen[name]} too", "name"))
            seen.setdefault(name, bot.node.place.source)
    return examined


@contextmanager
def opened_if_there() -> "Iterator[tuple[App, bool]]":
    """Open the database, or when it is not there only what can be loaded; say which of the two it was."""
    from duetime.cli.opening import opened

    with ExitStack() as stack:
        try:
            app = stack.enter_context(opened(plugins=True))
        except Unavailable:
            yield stack.enter_context(_without_database()), False
            return
        yield app, True


@contextmanager
def _without_database() -> "Iterator[App]":
    from duetime.app.app import App
    from duetime.app.settings import read_settings
    from duetime.store.store import Store

    settings = read_settings()
    app = App(Store(settings.database_url), plugin_paths=settings.plugins)
    with closing(app):
        for source in app.plugin_sources():
            try:
                app.manager.load(source, generation=1)
            except DuetimeError as failure:
                error_line(f"Warning: {failure}")
        try:
            yield app
        finally:
            app.manager.unload_all()


def _examine(path: Path, *, older: bool) -> "Examined":
    from duetime.bots.complaints import Complaints
    from duetime.bots.document import Examined, examine_text, text_of

    is_input = str(path) == "-"
    try:
        text = sys.stdin.read() if is_input else text_of(path)
    except InvalidDocument as complaint:
        complaints = Complaints()
        complaints.add(complaint)
        return Examined((), complaints)
    return examine_text(text, source="standard input" if is_input else str(path), older=older)
