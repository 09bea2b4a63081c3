"""Traces: who asked for what, and how long each step took, across processes.

This is only the socket. Until a program plugs a tracer in, every function here does nothing and costs next to nothing;
`app.tracing` has the one that speaks OpenTelemetry. Attributes say ids and counts, never arguments, results or texts
that a job wrote: those may hold secrets.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

Facts = Mapping[str, str | int | float | bool | Sequence[str] | Sequence[int]]
"""What is said of a span."""

MOST_LINKS = 100
"""How many other spans one span points at; a batch of 500 events names the first of them."""


class SpanKind(StrEnum):
    """Which part a span plays."""

    INTERNAL = "internal"
    PRODUCER = "producer"
    """It asks for something that happens later."""
    CONSUMER = "consumer"
    """It does what was asked for earlier."""
    CLIENT = "client"
    """It calls another system."""
    SERVER = "server"
    """It answers a request."""


class Span(Protocol):
    """One step, from its beginning to its end."""

    def note(self, facts: Facts) -> None:
        """Say more of it."""

    def link(self, parents: Sequence[str]) -> None:
        """Point at other spans, named by their trace parents."""

    def fail(self, kind: str) -> None:
        """Say that it failed, and the kind of the failure: a class name or a status, never a message."""

    def end(self) -> None:
        """End it now."""


class Tracer(Protocol):
    """Makes spans."""

    def begin(self, name: str, facts: Facts, *, kind: SpanKind, parent: str | None, seconds_ago: float) -> Span:
        """Begin a span: under `parent`, or else under the current one. It does not become the current one."""

    def enter(self, span: Span) -> object:
        """Make a span the current one of this thread; return what `leave` needs."""

    def leave(self, token: object) -> None:
        """Undo `enter`."""

    def trace_parent(self) -> str | None:
        """Return the current span as a W3C trace parent; None when there is none, or none that is recorded."""


class _NoSpan:
    """Stands for every span while nobody traces."""

    def note(self, facts: Facts) -> None:
        """Nobody listens."""

    def link(self, parents: Sequence[str]) -> None:
        """Nobody listens."""

    def fail(self, kind: str) -> None:
        """Nobody listens."""

    def end(self) -> None:
        """Nothing has begun."""

    def __enter__(self) -> Span:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing has begun."""


NO_SPAN = _NoSpan()
_tracer: Tracer | None = None


def plug_in(tracer: Tracer | None) -> None:
    """Make `tracer` the one of this process; None = nobody traces any more."""
    global _tracer  # noqa: PLW0603 - one per process, as its log is
    _tracer = tracer


def is_traced() -> bool:
    """Return whether this process has a tracer: whether it is worth gathering what a span says."""
    return _tracer is not None


def trace_parent() -> str | None:
    """Return the current span as a W3C trace parent; None when there is none that is recorded."""
    return None if _tracer is None else _tracer.trace_parent()


def trace_id() -> str | None:
    """Return the id of the current trace, 32 hexadecimal digits; None when there is none that is recorded."""
    parent = trace_parent()
    return None if parent is None else parent.split("-")[1]


def begin(
    name: str,
    facts: Facts | None = None,
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    parent: str | None = None,
    seconds_ago: float = 0.0,
) -> Span:
    """Begin a span that is ended by hand: for code that is called at both ends of a step, or only when it is over."""
    if _tracer is None:
        return NO_SPAN
    return _tracer.begin(name, facts or {}, kind=kind, parent=parent, seconds_ago=seconds_ago)


def span(
    name: str, facts: Facts | None = None, *, kind: SpanKind = SpanKind.INTERNAL, parent: str | None = None
) -> "_NoSpan | _Entered":
    """Return a context manager: the span of its block, which is the current one inside.

    A block that raises is a failed span. Without a `parent`, it is part of the current span, or begins a trace.
    """
    if _tracer is None:
        return NO_SPAN
    return _Entered(_tracer, _tracer.begin(name, facts or {}, kind=kind, parent=parent, seconds_ago=0.0))


class _Entered:
    """A block with a span."""

    __slots__ = ("_span", "_token", "_tracer")

    def __init__(self, tracer: Tracer, span: Span) -> None:
        self._tracer = tracer
        self._span = span

    def __enter__(self) -> Span:
        self._token = self._tracer.enter(self._span)
        return self._span

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._span.fail(kind.__name__)
        self._tracer.leave(self._token)
        self._span.end()
