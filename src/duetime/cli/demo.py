"""`duetime demo`: the main job on a simulated cloud, with a proof at its end."""

import shutil
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from duetime.cli.exit_codes import ExitCode
from duetime.cli.options import Json
from duetime.cli.output import line
from duetime.cli.plain import emit
from duetime.core.clock import SystemClock

if TYPE_CHECKING:
    from duetime.cli.demo_stage import Progressing, Stage
    from duetime.cli.demo_view import Picture, View
    from duetime.cli.demo_world import DemoWorld, Place, Proof, Seen

GIVE_UP_AFTER = 55.0
"""Seconds after which the demo ends with what it has; it takes about half of them."""
LOOK_EVERY = 0.25


def demo(
    database: Annotated[
        Path, typer.Option("--database", metavar="FILE", help="The database that it leaves behind.")
    ] = Path("duetime-demo.db"),
    as_json: Json = False,
) -> None:
    """Show duetime at work on a simulated cloud: no account, nothing beyond this machine, under a minute.

    Two AWS accounts with two regions each are harvested over HTTP. A bot finds the dev instances among them and
    schedules a stop and a start for each; a worker runs the events. At the end AWS is asked whether exactly the dev
    instances stopped and started again; if not, the exit code is 6.
    """
    from duetime.app.logging import configure_logging
    from duetime.cli.demo_stage import make_room, opened_stage
    from duetime.cli.demo_view import view_for
    from duetime.cli.demo_world import DemoWorld

    configure_logging(level="error")
    clock = SystemClock()
    began = clock.monotonic()
    make_room(database)
    view = view_for(as_json=as_json)
    view.step("A simulated AWS starts: 2 accounts x 2 regions x 60 instances ...")
    with DemoWorld() as world, opened_stage(database, world=world) as stage:
        _set_up(stage, view=view, as_json=as_json)
        with stage.working(), view:
            picture = _watch(stage, world, view=view, began=began)
        proof = world.proof()
    seconds = clock.monotonic() - began
    if as_json:
        _emit(proof, picture, seconds=seconds, database=database)
    else:
        conclude(proof, picture, seconds=seconds, database=database)
    if not proof.holds:
        raise typer.Exit(ExitCode.ATTENTION)


def _set_up(stage: "Stage", *, view: "View", as_json: bool) -> None:
    from duetime.cli.waiting import progress

    with progress(wanted=not as_json) as bars:
        found = stage.harvest(bars=bars)
    view.step(f"Harvested {found} instances over HTTP.")
    bot = stage.apply_bot()
    event_id = stage.run_bot()
    view.step(f"Applied bot {bot.name}: {bot.definition.description} Its run is event {event_id}; a worker starts.")


def _watch(stage: "Stage", world: "DemoWorld", *, view: "View", began: float) -> "Picture":
    """Show what happens until every event has ended; return the last moment."""
    from duetime.cli.demo_view import Picture

    clock = SystemClock()
    pause = threading.Event()
    instances = world.states()
    before: Mapping[str, Progressing] = {}
    while True:
        events = stage.progress()
        if events != before:  # AWS is asked only when there may be news: simulating its answers is work too
            _look(world, instances)
            before = events
        picture = Picture(clock.monotonic() - began, events, instances, stage.calls_of_events)
        view.show(picture)
        ended = len(events) > 1 and not any(each.pending or each.running for each in events.values())
        if ended or picture.seconds > GIVE_UP_AFTER:
            return picture
        clock.wait(pause, seconds=LOOK_EVERY)


def _look(world: "DemoWorld", instances: "dict[Place, Seen]") -> None:
    for change in world.observe():
        instances[change.place] = instances[change.place]._replace(state=change.after)


def _emit(proof: "Proof", picture: "Picture", *, seconds: float, database: Path) -> None:
    emit(
        {
            "proven": proof.holds,
            "dev_instances": len(proof.dev),
            "stopped_and_started_again": len(proof.cycled),
            "other_changes": len(proof.others),
            "events": {event_type: progress._asdict() for event_type, progress in picture.events.items()},
            "requests": picture.calls,
            "requests_per_1000_events": picture.calls_per_thousand,
            "seconds": round(seconds, 1),
            "database": database.absolute(),
        }
    )


def conclude(proof: "Proof", picture: "Picture", *, seconds: float, database: Path) -> None:
    """Print the verdict, and how to ask the database about it."""
    from duetime.cli.demo_view import calls

    line()
    if not sys.stdout.isatty():  # there, the live picture stands above and says it
        line(calls(picture))
    if proof.holds:
        rest = len(picture.instances) - len(proof.dev)
        line(f"PROVEN by AWS itself: exactly the {len(proof.dev)} dev instances stopped and started again.")
        line(f"The other {rest} were left alone. It took {seconds:.0f} s.")
    else:
        line(f"NOT PROVEN: {len(proof.cycled)} of {len(proof.dev)} dev instances stopped and started again,")
        line(f"and {len(proof.others)} instances changed in another way. It took {seconds:.0f} s.")
    line()
    line("Ask the database what happened, and why:")
    command = _command()
    sys.stdout.write(f"  export DUETIME_DATABASE_URL=sqlite:///{database.absolute()}\n")
    for words in (
        "history stats",
        "events list --type divvy.stop_resource --limit 5",
        "events show 2",
        "history list --limit 5",
        "resources list --tag env=dev --limit 5",
    ):
        sys.stdout.write(f"  {command} {words}\n")


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
