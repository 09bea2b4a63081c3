"""`duetime doctor`: whether everything that events need is there."""

import typer

from duetime.cli.exit_codes import ExitCode
from duetime.cli.options import Json
from duetime.cli.output import line, table
from duetime.cli.plain import emit


def doctor(as_json: Json = False) -> None:
    """Look at the database, clocks, workers, plugins and accounts, and say what needs attention.

    Exits with 6 when something does.
    """
    from rich.text import Text

    from duetime.app.checkup import check_up
    from duetime.cli.opening import opened

    with opened() as duetime:
        found = check_up(duetime.store)
    if as_json:
        emit(found, healthy=found.healthy, checks=found.checks)
    else:
        table(
            ["check", "", "finding"],
            (
                (
                    check.name,
                    Text("ok", style="green") if check.ok else Text("look", style="bold red"),
                    check.detail if check.ok else f"{check.detail}. {check.remedy}",
                )
                for check in found.checks
            ),
            empty="",
        )
        problems = sum(not check.ok for check in found.checks)
        line("All is well." if not problems else f"{problems} of {len(found.checks)} need attention.")
    if not found.healthy:
        raise typer.Exit(ExitCode.ATTENTION)
