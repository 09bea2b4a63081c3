"""The spans of a worker: how the steps of a claim are tied to whoever scheduled its event."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from types import TracebackType

from duetime.core.claims import Claim
from duetime.core.events import run_id_of
from duetime.core.outcomes import Failed, GroupRefused, Lost
from duetime.core.tracing import MOST_LINKS, NO_SPAN, Facts, Span, SpanKind, begin, is_traced, span

_FAILURES = (Failed, GroupRefused, Lost)
_MOST_IDS = 50
"""How many ids one span names."""


def step_span(name: str, claims: Sequence[Claim]) -> AbstractContextManager[Span]:
    """Return the span of a step that serves some claims.

    Events that were scheduled once, and together, continue the trace in which that was asked for. A step that serves
    events of several traces, or a time of a recurring event, is a trace of its own and points at theirs: a trace that
    has grown for a year is of no use to anybody.
    """
    if not is_traced():
        return NO_SPAN
    parent, links = _ties(claims)
    return _Linked(span(name, _facts(claims), kind=SpanKind.CONSUMER, parent=parent), links)


def note_step(name: str, claims: Iterable[Claim], *, seconds: float) -> None:
    """Trace a step that has just ended and took so long; only then is it known which claims it served."""
    if not is_traced():
        return
    served = tuple(claims)
    if not served:
        return
    parent, links = _ties(served)
    step = begin(name, _facts(served), kind=SpanKind.CONSUMER, parent=parent, seconds_ago=seconds)
    step.link(links)
    step.end()


def note_outcome(step: Span, outcome: object) -> None:
    """Say what a job call came to as a whole."""
    if step is NO_SPAN:
        return
    kind = type(outcome).__name__
    step.note({"duetime.run.outcome": kind})
    if isinstance(outcome, _FAILURES):
        step.fail(kind)


class _Linked(AbstractContextManager[Span]):
    """A span that points at others."""

    def __init__(self, entered: AbstractContextManager[Span], links: Sequence[str]) -> None:
        self._entered = entered
        self._links = links

    def __enter__(self) -> Span:
        found = self._entered.__enter__()
        found.link(self._links)
        return found

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._entered.__exit__(kind, error, traceback)


def _ties(claims: Sequence[Claim]) -> tuple[str | None, Sequence[str]]:
    """Return the span that a step belongs to, and those that it only points at."""
    parents = sorted({claim.trace_parent for claim in claims if claim.trace_parent is not None})
    if len(parents) == 1 and all(claim.trace_parent is not None and not claim.recurring for claim in claims):
        return parents[0], ()
    return None, parents[:MOST_LINKS]


def _facts(claims: Sequence[Claim]) -> Facts:
    some = claims[:_MOST_IDS]
    facts: dict[str, str | int | Sequence[str] | Sequence[int]] = {
        "duetime.event.count": len(claims),
        "duetime.event.ids": [claim.event_id for claim in some],
        "duetime.run.ids": [run_id_of(claim.event_id, claim.due_at, claim.attempt) for claim in some],
        "duetime.event.types": _distinct(claim.event_type for claim in claims),
        "duetime.resource.count": sum(claim.resource_id is not None for claim in claims),
    }
    places = [claim.place for claim in claims if claim.resource_id is not None]
    accounts = _distinct(place.account for place in places if place is not None)
    regions = _distinct(place.region for place in places if place is not None)
    if accounts:
        facts["cloud.account.id"] = ",".join(accounts)
        facts["cloud.region"] = ",".join(regions)
    return facts


def _distinct(values: Iterable[str]) -> list[str]:
    return sorted(set(values))[:_MOST_IDS]
