"""How a command gets at the database: the settings, the file that must be there, and the app around it."""

import os
import pwd
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from typing import TYPE_CHECKING

from duetime.cli.output import error_line

if TYPE_CHECKING:
    from duetime.app.app import App
    from duetime.app.settings import Settings


@contextmanager
def opened(*, plugins: bool = False) -> Iterator["App"]:
    """Open the database of the settings.

    Args:
        plugins: load the plugins that are found, for commands that must know what they bring.

    Raises:
        DatabaseMissing: there is no file, or its schema is not the present one.
        InvalidSetting: a setting is not as it must be.
    """
    from duetime.app.logging import configure_logging
    from duetime.app.settings import read_settings

    settings = read_settings()
    configure_logging(level="warning", form=settings.log_format)
    with open_app(settings) as app:
        if not plugins:
            yield app
            return
        from duetime.app.publishing import load_plugins

        for failure in load_plugins(app):
            error_line(f"Warning: {failure}")
        try:
            yield app
        finally:
            app.manager.unload_all()


@contextmanager
def open_app(settings: "Settings", *, create: bool = False) -> Iterator["App"]:
    """Open an app on the database of `settings`.

    Args:
        settings: where it is and what plugins there are.
        create: make the file if need be and bring the schema up to date, instead of asking for both.
    """
    from duetime.app.app import App
    from duetime.core.bot_policy import BotPolicy
    from duetime.store.schema import require_current, upgrade
    from duetime.store.store import Store

    store = Store(settings.database_url)
    app = App(
        store,
        plugin_paths=settings.plugins,
        max_argument_bytes=settings.max_argument_bytes,
        bot_policy=BotPolicy(
            max_inventory_age=settings.max_inventory_age or None,
            only_known_owners=settings.owners == "known",
        ),
        destinations=settings.destinations,
    )
    with _traces(settings), closing(app):
        if create:
            upgrade(store.engine)
        else:
            require_current(store.engine)
        yield app


def _traces(settings: "Settings") -> AbstractContextManager[None]:
    """Return the block in which traces are sent, if they are wanted; else OpenTelemetry is not even imported."""
    if not settings.traces:
        return nullcontext()
    from duetime.app.tracing import traced

    return traced()


def actor() -> str:
    """Return who is at the command line, for the audit trail."""
    try:
        return f"cli:{pwd.getpwuid(os.geteuid()).pw_name}"
    except KeyError:
        return f"cli:{os.geteuid()}"
