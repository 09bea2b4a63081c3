"""What the demo shows while it runs: a live picture on a terminal, a line for every change elsewhere."""

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from duetime.cli.demo_stage import Kind, Progressing
from duetime.cli.demo_world import Place, Seen
from duetime.cli.output import console, line

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live


@dataclass(frozen=True, slots=True)
class Picture:
    """One moment of the demo.

    Attributes:
        events: where the events stand, by bot and type.
        instances: what AWS says of each instance.
        calls: requests to AWS for stops and starts so far.
    """

    seconds: float
    events: Mapping[Kind, Progressing]
    instances: Mapping[Place, Seen]
    calls: int

    @property
    def done(self) -> int:
        """How many stops and starts have succeeded."""
        return sum(progress.done for kind, progress in self.events.items() if kind.event_type.startswith("divvy."))

    @property
    def calls_per_thousand(self) -> int | None:
        """How many requests a thousand events take; None while there is none."""
        return round(self.calls * 1000 / self.done) if self.done else None

    def states_by_region(self) -> Mapping[tuple[str, str, str], Counter[str]]:
        """Return how many instances are in which state, by account, region and environment."""
        counts: dict[tuple[str, str, str], Counter[str]] = {}
        for place, seen in sorted(self.instances.items()):
            counts.setdefault((place.account, place.region, seen.env), Counter())[seen.state] += 1
        return counts


class View(Protocol):
    """Shows the demo."""

    def step(self, text: str) -> None:
        """Say what happens next."""

    def show(self, picture: Picture) -> None:
        """Show a moment."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Silent:
    """Shows nothing: the answer is for a program."""

    def step(self, text: str) -> None:
        """Say nothing."""

    def show(self, picture: Picture) -> None:
        """Show nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Lines(Silent):
    """Prints a line whenever something has changed; no control characters."""

    def __init__(self) -> None:
        self._last: Mapping[Kind, Progressing] = {}

    def step(self, text: str) -> None:
        line(text)
        sys.stdout.flush()

    def show(self, picture: Picture) -> None:
        for kind, progress in picture.events.items():
            if progress != self._last.get(kind):
                others = "".join(
                    f", {count} {word}"
                    for count, word in ((progress.cancelled, "cancelled"), (progress.failed, "failed"))
                    if count
                )
                where = f"{progress.pending} pending, {progress.running} running, {progress.done} done{others}"
                line(f"{picture.seconds:5.1f} s  {kind.bot}: {kind.event_type}: {where}")
        self._last = dict(picture.events)
        sys.stdout.flush()


class Screen(Silent):
    """Draws the moment over the one before."""

    def __init__(self) -> None:
        self._live: Live | None = None

    def __enter__(self) -> Self:
        from rich.live import Live

        self._live = Live(console=console(), refresh_per_second=8)
        self._live.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.__exit__(None, None, None)
            self._live = None

    def step(self, text: str) -> None:
        (self._live.console if self._live is not None else console()).print(text)

    def show(self, picture: Picture) -> None:
        if self._live is not None:
            self._live.update(draw(picture))


def view_for(*, as_json: bool) -> View:
    """Return the view that suits what standard output is."""
    if as_json:
        return Silent()
    return Screen() if sys.stdout.isatty() else Lines()


def draw(picture: Picture) -> "RenderableType":
    """Return the live picture."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    events = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for name in ("bot", "event type"):
        events.add_column(name, no_wrap=True)
    for name in ("wait", "run", "done", "cancelled", "failed"):
        events.add_column(name, justify="right", no_wrap=True)
    for kind, progress in picture.events.items():
        styles = ("", "", "", "yellow", "red")
        counts = (Text(str(count), style=style if count else "") for count, style in zip(progress, styles, strict=True))
        events.add_row(kind.bot, kind.event_type, *counts)

    regions = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for name in ("account", "region", "env"):
        regions.add_column(name)
    for name in ("running", "stopped", "other"):
        regions.add_column(name, justify="right", min_width=7)
    for (account, region, env), states in picture.states_by_region().items():
        other = states.total() - states["running"] - states["stopped"]
        stopped = Text(str(states["stopped"]), style="yellow" if states["stopped"] else "")
        regions.add_row(account, region, env, str(states["running"]), stopped, str(other))

    return Group(Text(f"{picture.seconds:.0f} s", style="bold"), events, Text(), regions, Text(), Text(calls(picture)))


def calls(picture: Picture) -> str:
    """Say how many requests to AWS the stops and starts have taken."""
    each = picture.calls_per_thousand
    rate = "" if each is None else f": {each} per 1,000 events"
    return f"{picture.calls} requests to AWS for {picture.done} stops and starts{rate}."
