"""`duetime plugins`: what is loaded where, and wishing it otherwise."""

from typing import Annotated

import typer

from duetime.cli import plugin_list
from duetime.cli.exit_codes import ExitCode
from duetime.cli.options import Json
from duetime.cli.output import error_line, line
from duetime.cli.plain import emit
from duetime.cli.waiting import wait_until

app = typer.Typer(help="See plugins; load, unload and reload them while workers run.", no_args_is_help=True)
app.command("list")(plugin_list.list_plugins)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The plugin's name: that of its folder or entry point.")]
Timeout = Annotated[str, typer.Option("--timeout", metavar="SPAN", help="How long to wait for the workers.")]


@app.command()
def load(name: Name, timeout: Timeout = "30s", as_json: Json = False) -> None:
    """Ask every worker to load a plugin. Its events, which have waited, run by their catch-up rules."""
    _wish(name, "loaded", timeout=timeout, as_json=as_json)


@app.command()
def unload(name: Name, timeout: Timeout = "30s", as_json: Json = False) -> None:
    """Ask every worker to unload a plugin. Its running jobs end; its other events wait until it is back."""
    _wish(name, "unloaded", timeout=timeout, as_json=as_json)


@app.command()
def reload(name: Name, timeout: Timeout = "30s", as_json: Json = False) -> None:
    """Ask every worker to load a plugin again from its files. When that fails, the old one goes on."""
    _wish(name, "loaded", timeout=timeout, as_json=as_json)


def _wish(name: str, wish: str, *, timeout: str, as_json: bool) -> None:
    """Write the wish, wait for what the workers that are alive make of it, and show that."""
    from duetime.cli.opening import opened
    from duetime.cli.plugin_wish import Answer, make_wish
    from duetime.cli.when import read_span

    at_most = read_span(timeout, option="--timeout")
    with opened() as duetime:
        asked = make_wish(duetime, name, wish=wish)
        answers: list[Answer] = asked.answers(duetime.store)
        wait_until(
            lambda: all(answer.has_answered for answer in asked.answers(duetime.store)),
            at_most=at_most,
        )
        answers = asked.answers(duetime.store)
    if as_json:
        emit({"plugin": name, "wish": wish, "generation": asked.generation, "workers": answers})
    else:
        line(f"Plugin {name} is wished {wish} (generation {asked.generation}).")
        for answer in answers:
            line(f"{answer.worker}: {answer.state}{f': {answer.error}' if answer.error else ''}")
        if not answers:
            error_line("No worker is alive; the next one that starts will do so.")
    if any(answer.state != wish for answer in answers):
        raise typer.Exit(ExitCode.ATTENTION)
