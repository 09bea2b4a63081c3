"""`duetime demo`: the main job on a simulated cloud, with a proof at its end."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from duetime.cli.demo_pages import LOGIN, Shown, add_guest, opened_pages, show_in_background
from duetime.cli.exit_codes import ExitCode
from duetime.cli.options import Json
from duetime.cli.output import line
from duetime.cli.plain import emit
from duetime.cli.stop_signals import StopSignals
from duetime.cli.web import missing_libraries
from duetime.core.clock import SystemClock

if TYPE_CHECKING:
    from duetime.cli.demo_stage import Stage
    from duetime.cli.demo_story import Story
    from duetime.cli.demo_view import Picture, View
    from duetime.cli.demo_world import Proof

QUIET_SECONDS = 40.0
"""Seconds without news after which the demo ends with what it has; the longest pause of the story is 12 s.

What a busy machine does slowly is still news: only what does not happen at all is given up.
"""
LONGEST_SECONDS = 300.0
"""Seconds after which it ends in any case; it takes less than a minute."""


def demo(
    database: Annotated[
        Path, typer.Option("--database", metavar="FILE", help="The database that it leaves behind.")
    ] = Path("duetime-demo.db"),
    no_web: Annotated[bool, typer.Option("--no-web", help="Leave out the pages at the end.")] = False,
    as_json: Json = False,
) -> None:
    """Show duetime at work on a simulated cloud: no account, nothing beyond this machine, under a minute.

    Two AWS accounts with two regions each, full of resources of 27 types, are
    harvested over HTTP. Three bots stop dev instances and start them again,
    delete unused volumes, and close buckets that somebody makes public
    meanwhile. What an owner tags or closes in time is let alone, and its event
    says why. At the end AWS is asked whether exactly that has happened; if not,
    the exit code is 6. Then the pages show it all, until Ctrl-C; without a
    terminal, from the background and for ten minutes.
    """
    from duetime.app.logging import configure_logging
    from duetime.cli.demo_stage import make_room, opened_stage
    from duetime.cli.demo_story import Story
    from duetime.cli.demo_view import view_for
    from duetime.cli.demo_watch import Watch
    from duetime.cli.demo_world import DemoWorld

    configure_logging(level="critical")  # what the bots log is part of their history
    clock = SystemClock()
    began = clock.monotonic()
    make_room(database)
    view = view_for(as_json=as_json)
    view.step("A simulated AWS starts: 2 accounts x 2 regions ...")
    with DemoWorld() as world, opened_stage(database, world=world) as stage:
        _set_up(stage, view=view, as_json=as_json)
        watch = Watch(stage, world, view=view, began=began, quiet=QUIET_SECONDS, longest=LONGEST_SECONDS)
        story = Story(stage, world, say=view.step, until=watch.until)
        with stage.working(), view:
            story.tell()
            picture = watch.look()
        proof = world.proof()
        shown = commands(stage, story)
    seconds = clock.monotonic() - began
    if as_json:
        pages = None if no_web or missing_libraries() else show_in_background(database)
        _emit(proof, picture, seconds=seconds, database=database, pages=pages)
    else:
        conclude(proof, picture, shown, seconds=seconds, database=database)
        if not no_web:
            show_pages(database)
    if not proof.holds:
        raise typer.Exit(ExitCode.ATTENTION)


def _set_up(stage: "Stage", *, view: "View", as_json: bool) -> None:
    from duetime.cli.waiting import progress

    stage.register_accounts()
    with progress(wanted=not as_json) as bars:
        found = stage.harvest(bars=bars)
    view.step(f"Harvested {found} resources of {stage.kinds()} types over HTTP.")
    for bot in stage.apply_bots():
        view.step(f"Bot {bot.name}: {bot.definition.description}")
    view.step("A worker starts.")


def show_pages(database: Path) -> None:
    """Serve the pages until Ctrl-C, or start a server in the background when nobody sits before it."""
    line()
    if missing_libraries():
        line("The pages need libraries that are not installed. Run pip install 'duetime[web]'.")
    elif sys.stdout.isatty():
        _serve_here(database)
    else:
        shown = show_in_background(database)
        _invite(shown.address, shown.password)
        line(f"They end by themselves in {shown.seconds // 60} minutes. To end them now: kill {shown.pid}")


def _serve_here(database: Path) -> None:
    signals = StopSignals()
    password = add_guest(database)
    with opened_pages(database) as serving:
        signals.stop(serving)
        _invite(serving.address, password)
        line("Ctrl-C ends them.")
        serving.run()


def _invite(address: str, password: str) -> None:
    line(f"The pages are at {address}")
    line(f"Log in as {LOGIN} with the password {password} to see everything and change nothing.")


def _emit(proof: "Proof", picture: "Picture", *, seconds: float, database: Path, pages: Shown | None = None) -> None:
    events: dict[str, dict[str, object]] = {}
    for kind, progress in picture.events.items():
        events.setdefault(kind.bot, {})[kind.event_type] = progress._asdict()
    emit(
        {
            "proven": proof.holds,
            "dev_instances": len(proof.dev),
            "stopped_and_started_again": len(proof.cycled),
            "other_changes": len(proof.others),
            "findings": proof.findings,
            "events": events,
            "requests": picture.calls,
            "requests_per_1000_events": picture.calls_per_thousand,
            "seconds": round(seconds, 1),
            "database": database.absolute(),
            "web": pages,
        }
    )


def conclude(proof: "Proof", picture: "Picture", shown: Sequence[str], *, seconds: float, database: Path) -> None:
    """Print the verdict, and how to ask the database about it."""
    from duetime.cli.demo_view import calls

    line()
    if not sys.stdout.isatty():  # there, the live picture stands above and says it
        line(calls(picture))
    line(f"{'PROVEN' if proof.holds else 'NOT PROVEN'} by AWS itself, after {seconds:.0f} s:")
    night = (
        f"{len(proof.cycled)} of {len(proof.dev)} dev instances stopped and started again, {len(proof.others)} others"
    )
    for holds, claim in ((proof.night_holds, night), *((each.holds, each.claim) for each in proof.findings)):
        line(f"  {'yes' if holds else 'NO '}  {claim}")
    line()
    line("Ask the database what happened, and why:")
    command = _command()
    sys.stdout.write(f"  export DUETIME_DATABASE_URL=sqlite:///{database.absolute()}\n")
    for words in shown:
        sys.stdout.write(f"  {command} {words}\n")
    if any(words.startswith("history undo") for words in shown):
        line("The simulated AWS has ended: `history undo` still schedules the undo, but no cloud is left to run it on.")


def commands(stage: "Stage", story: "Story") -> list[str]:
    """Return what to ask the database; about the events of the story when they came to be."""
    asked = ["history stats", "bots plan public-buckets", *(f"events show {each}" for each in story.event_ids())]
    runs = stage.runs_of("duetime.block_public_access")
    return [
        *asked,
        "events list --type divvy.stop_resource --limit 5",
        "history list --limit 5",
        "resources list --tag env=dev --limit 5",
        *(f"history undo {run}" for run in runs),
    ]


def _command() -> str:
    """Return how this program is called from here."""
    called = Path(sys.argv[0])
    on_path = shutil.which("duetime")
    if on_path is not None and called.name == "duetime" and Path(on_path).resolve() == called.resolve():
        return "duetime"
    if called.name != "duetime":
        return f"{sys.executable} -m duetime"
    absolute = called.absolute()
    return str(absolute.relative_to(Path.cwd()) if absolute.is_relative_to(Path.cwd()) else absolute)
