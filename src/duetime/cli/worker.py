"""`duetime worker`: runs what is due until it is asked to stop."""

from typing import TYPE_CHECKING, Annotated

import typer

from duetime.cli.exit_codes import ExitCode
from duetime.cli.options import Json
from duetime.cli.plain import emit
from duetime.cli.stop_signals import StopSignals, stop_with_parent

if TYPE_CHECKING:
    from duetime.app.settings import Settings
    from duetime.engine.worker import WorkerSettings


def worker(
    as_json: Json = False,
    supervised: Annotated[bool, typer.Option("--supervised", hidden=True)] = False,
) -> None:
    """Run what is due, until SIGTERM or Ctrl-C.

    Then nothing new begins, running jobs may end, and the rest is given back; a second signal leaves at once. Log lines
    go to standard error. Exits with 0 when it has drained, and with 75 when half its slots are stuck and it wants to be
    replaced.
    """
    from duetime.app.announcing import announce
    from duetime.app.logging import configure_logging
    from duetime.app.publishing import publish
    from duetime.app.settings import read_settings
    from duetime.app.standing import plant_counting, plant_pruning
    from duetime.cli.opening import actor, open_app
    from duetime.engine.executors import ThreadExecutor

    signals = StopSignals()
    settings = read_settings()
    configure_logging(level=settings.log_level, form=settings.log_format)
    with open_app(settings) as app:
        publish(app, plugins=False)
        plant_pruning(app.client, history_days=settings.history_days, actor=actor())
        plant_counting(app.client, actor=actor())
        working = app.worker(
            settings=worker_settings(settings),
            executor=ThreadExecutor(slots=settings.worker_slots),
            announce=announce,
        )
        signals.stop(working)
        if supervised:
            stop_with_parent(working)
        code = working.run()
        if code == ExitCode.OK:
            app.manager.unload_all()
    if as_json:
        emit({"exit_code": code})
    raise typer.Exit(code)


def worker_settings(settings: "Settings") -> "WorkerSettings":
    """Return the part of the settings that a worker works by."""
    from duetime.engine.worker import WorkerSettings

    return WorkerSettings(
        lease_seconds=settings.lease_seconds,
        slots=settings.worker_slots,
        poll_seconds=settings.poll_seconds,
        drain_seconds=settings.drain_seconds,
    )
