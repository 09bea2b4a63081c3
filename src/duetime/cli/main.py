"""The command line: every command, and what becomes of what they raise."""

import os
import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from duetime.cli import (
    access_groups,
    accounts,
    actions,
    api_keys,
    audit,
    bots,
    config,
    database,
    demo,
    destinations,
    doctor,
    events,
    filters,
    history,
    logins,
    plugins,
    resources,
    up,
    users,
    web,
    worker,
)
from duetime.cli.errors import report
from duetime.cli.exit_codes import ExitCode

HELP = """Runs the jobs that cloud-automation bots ask for, at the times they asked for.

Every command takes -h, and --json for programs. Settings come from duetime.toml and DUETIME_* variables.
"""

app = typer.Typer(
    name="duetime",
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("up")(up.up)
app.command("worker")(worker.worker)
app.command("web")(web.web)
app.command("config")(config.config)
app.add_typer(database.app, name="db")
app.add_typer(bots.app, name="bots")
app.add_typer(filters.app, name="filters")
app.add_typer(actions.app, name="actions")
app.add_typer(events.app, name="events")
app.add_typer(history.app, name="history")
app.add_typer(resources.app, name="resources")
app.add_typer(accounts.app, name="accounts")
app.add_typer(users.app, name="users")
app.add_typer(logins.app, name="logins")
app.add_typer(access_groups.app, name="access-groups")
app.add_typer(api_keys.app, name="api-keys")
app.add_typer(plugins.app, name="plugins")
app.add_typer(destinations.app, name="destinations")
app.add_typer(audit.app, name="audit")
app.command("doctor")(doctor.doctor)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"duetime {version('duetime')}")
        raise typer.Exit


@app.callback()
def _root(
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
) -> None:
    del debug, version  # the first is looked for by `run`, which outlives every command


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; nothing is raised."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a narrow encoding must not turn an answer into a fault
            stream.reconfigure(errors="backslashreplace")
    debug = bool(arguments) and "--debug" in arguments[:1]
    try:
        code = typer.main.get_command(app).main(args=list(arguments), prog_name="duetime", standalone_mode=False)
        sys.stdout.flush()
        return int(code) if isinstance(code, int) else ExitCode.OK
    except (typer.Abort, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    except (BrokenPipeError, SystemExit):  # the second is what Typer makes of the first
        # Nobody reads any more; the interpreter would complain once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return ExitCode.PIPE_CLOSED
    except Exception as error:  # noqa: BLE001 - the boundary: every error becomes words and an exit code
        return report(error, arguments=arguments, debug=debug)


def main() -> NoReturn:
    """Be the command `duetime`."""
    sys.exit(run(sys.argv[1:]))
