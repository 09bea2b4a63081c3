"""`duetime db`: the database itself."""

import typer

from duetime.cli.options import Json
from duetime.cli.output import error_line, line
from duetime.cli.plain import emit

app = typer.Typer(help="Make the database, or bring it up to date.", no_args_is_help=True)


@app.command()
def upgrade(as_json: Json = False) -> None:
    """Make the database if there is none, bring its schema up to date, and make known what there is to run.

    The event types of duetime and of the plugins found are written down, so that events can be scheduled before the
    first worker starts, and old history is set to be deleted once a day.
    """
    from duetime.app.settings import read_settings
    from duetime.cli.opening import open_app
    from duetime.cli.preparing import prepare

    settings = read_settings()
    with open_app(settings, create=True) as duetime:
        prepared = prepare(duetime, settings=settings)
    if as_json:
        emit(prepared)
        return
    line(f"The database {prepared.location} has schema {prepared.revision}.")
    others = f" and, from plugins, {', '.join(prepared.from_plugins)}" if prepared.from_plugins else ""
    line(f"It knows the event types of duetime{others}. To see them: duetime events types")
    for failure in prepared.failures:
        error_line(f"Warning: {failure}")
