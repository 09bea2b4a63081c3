"""`duetime up`: a database that is ready, a worker and the web, each replaced when it must be."""

import sys
from typing import Annotated

import typer

from duetime.cli.options import Json
from duetime.cli.output import error_line
from duetime.cli.plain import emit
from duetime.cli.supervisor import Supervisor


def up(
    no_web: Annotated[bool, typer.Option("--no-web", help="Run the worker alone, without pages and API.")] = False,
    as_json: Json = False,
) -> None:
    """Bring the database up to date and keep a worker and the web running: everything, on one machine.

    Each is a process of its own. When it asks to be replaced, or is killed, another one is started. SIGTERM or
    Ctrl-C drains them; a second one ends them at once.
    """
    from duetime.app.logging import configure_logging
    from duetime.app.settings import read_settings
    from duetime.cli.opening import open_app
    from duetime.cli.preparing import prepare
    from duetime.cli.web import missing_libraries

    settings = read_settings()
    configure_logging(level=settings.log_level, form=settings.log_format)
    with open_app(settings, create=True) as app:
        prepared = prepare(app, settings=settings)
        plugins = [source.name for source in app.plugin_sources()]
    for failure in prepared.failures:
        error_line(f"Warning: {failure}")
    error_line(f"The database is {prepared.location}, schema {prepared.revision}.")
    error_line(f"Plugins: {', '.join(plugins) or 'none'}. A worker with {settings.worker_slots} slots starts now.")
    commands = {"worker": _command("worker")}
    if not no_web and missing_libraries():
        error_line("There is no web: its libraries are not installed. Run pip install 'duetime[web]'.")
    elif not no_web:
        commands["web server"] = _command("web")
    error_line("Ctrl-C stops it.")
    supervisor = Supervisor(commands)
    code = supervisor.run()
    if as_json:
        started = supervisor.started
        emit({"exit_code": code, "workers_started": started["worker"], "webs_started": started.get("web server", 0)})
    raise typer.Exit(code)


def _command(name: str) -> list[str]:
    return [sys.executable, "-m", "duetime", name, "--supervised"]
