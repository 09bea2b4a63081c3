"""Every cell of the decision: what becomes of an event, by outcome, wish, rule for the lost, retries and recurrence."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import NamedTuple

import pytest

from duetime.core.claims import Step
from duetime.core.decisions import LOST_ATTEMPTS, decide
from duetime.core.outcomes import (
    Deferred,
    Expired,
    Failed,
    Held,
    Lost,
    Outcome,
    Released,
    Skipped,
    Snoozed,
    Succeeded,
    TimedOut,
)
from duetime.core.retry import Retry
from duetime.core.statuses import EventStatus, OnLost, RunStatus, Wish

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DUE = NOW - timedelta(minutes=5)
READY = NOW - timedelta(minutes=1)
LATER = NOW + timedelta(hours=3)
NEXT = DUE + timedelta(days=1)
FIRST_WAIT = timedelta(seconds=30)


class Attempt(NamedTuple):
    due_at: datetime
    ready_at: datetime
    attempt: int
    failures: int
    failed_in_a_row: int
    on_lost: OnLost


OUTCOMES: dict[str, Outcome] = {
    "succeeded": Succeeded(),
    "skipped": Skipped("why"),
    "expired": Expired("why"),
    "failed": Failed("why"),
    "pointless": Failed("why", retry=False),
    "timed_out": TimedOut(5.0),
    "lost": Lost("why"),
    "snoozed": Snoozed(LATER, "why"),
    "deferred": Deferred(LATER, "why"),
    "released": Released("why"),
    "held": Held("why"),
}
WISHES = {"-": None, "pause": Wish.PAUSE, "cancel": Wish.CANCEL, "detach": Wish.DETACH}

# Retries left: by the type's own policy; none by it, but the lost are tried again all the same; none at all.
LEFT = {"policy": (1, Retry(attempts=9, jitter=0.2)), "lost": (1, Retry(attempts=1)), "none": (5, Retry(attempts=3))}

# Written by hand from the rules, not from the code; a star stands for every value. `same` is what the claim says, and
# the counts are those of the claim (2 attempts, some failures, 4 in a row), one `more` or one `less`.
TABLE = """
outcome            wish          on_lost    left         recurs | status     due   ready  attempt failures row   run        final
succeeded          *             *          *            no     | succeeded  same  same   same    same     zero  succeeded  yes
succeeded          -             *          *            yes    | scheduled  next  next   zero    zero     zero  succeeded  yes
succeeded          pause         *          *            yes    | paused     next  next   zero    zero     zero  succeeded  yes
succeeded          cancel,detach *          *            yes    | cancelled  same  same   same    same     zero  succeeded  yes
skipped            *             *          *            no     | skipped    same  same   same    same     same  skipped    yes
skipped            -             *          *            yes    | scheduled  next  next   zero    zero     same  skipped    yes
skipped            pause         *          *            yes    | paused     next  next   zero    zero     same  skipped    yes
skipped            cancel,detach *          *            yes    | cancelled  same  same   same    same     same  skipped    yes
expired            *             *          *            no     | expired    same  same   same    same     same  expired    yes
expired            -             *          *            yes    | scheduled  next  next   zero    zero     same  expired    yes
expired            pause         *          *            yes    | paused     next  next   zero    zero     same  expired    yes
expired            cancel,detach *          *            yes    | cancelled  same  same   same    same     same  expired    yes
failed             -             *          policy       *      | scheduled  same  wait   same    more     same  failed     no
failed             pause         *          policy       *      | paused     same  wait   same    more     same  failed     no
failed             cancel,detach *          policy       no     | failed     same  same   same    more     more  failed     yes
failed             cancel,detach *          policy       yes    | cancelled  same  same   same    more     more  failed     yes
failed             *             *          lost,none    no     | failed     same  same   same    more     more  failed     yes
failed             -             *          lost,none    yes    | scheduled  next  next   zero    zero     more  failed     yes
failed             pause         *          lost,none    yes    | paused     next  next   zero    zero     more  failed     yes
failed             cancel,detach *          lost,none    yes    | cancelled  same  same   same    more     more  failed     yes
pointless          *             *          *            no     | failed     same  same   same    more     more  failed     yes
pointless          -             *          *            yes    | scheduled  next  next   zero    zero     more  failed     yes
pointless          pause         *          *            yes    | paused     next  next   zero    zero     more  failed     yes
pointless          cancel,detach *          *            yes    | cancelled  same  same   same    more     more  failed     yes
timed_out,lost     -             retry      policy       *      | scheduled  same  wait   same    more     same  itself     no
timed_out,lost     pause         retry      policy       *      | paused     same  wait   same    more     same  itself     no
timed_out,lost     -             retry      lost         *      | scheduled  same  now    same    more     same  itself     no
timed_out,lost     pause         retry      lost         *      | paused     same  now    same    more     same  itself     no
timed_out,lost     -,pause       retry      none         no     | failed     same  same   same    more     more  itself     yes
timed_out,lost     -             retry      none         yes    | scheduled  next  next   zero    zero     more  itself     yes
timed_out,lost     pause         retry      none         yes    | paused     next  next   zero    zero     more  itself     yes
timed_out,lost     -,pause       fail       *            no     | failed     same  same   same    more     more  itself     yes
timed_out,lost     -             fail       *            yes    | scheduled  next  next   zero    zero     more  itself     yes
timed_out,lost     pause         fail       *            yes    | paused     next  next   zero    zero     more  itself     yes
timed_out,lost     -,pause       hold       *            *      | held       same  same   same    more     same  itself     no
timed_out,lost     cancel,detach *          *            no     | failed     same  same   same    more     more  itself     yes
timed_out,lost     cancel,detach *          *            yes    | cancelled  same  same   same    more     more  itself     yes
snoozed            -             *          *            *      | scheduled  same  later  same    same     same  snoozed    no
snoozed            pause         *          *            *      | paused     same  later  same    same     same  snoozed    no
snoozed            cancel,detach *          *            *      | cancelled  same  same   same    same     same  cancelled  yes
deferred           -             *          *            *      | scheduled  same  later  less    same     same  -          no
deferred           pause         *          *            *      | paused     same  later  less    same     same  -          no
released           -             *          *            *      | scheduled  same  same   less    same     same  -          no
released           pause         *          *            *      | paused     same  same   less    same     same  -          no
held               -,pause       *          *            *      | held       same  same   less    same     same  -          no
deferred,released,held cancel,detach *      *            *      | cancelled  same  same   same    same     same  cancelled  yes
"""  # noqa: E501 - a table is read by its columns

Cell = tuple[str, str, str, str, str]
CELLS: list[Cell] = list(product(OUTCOMES, WISHES, [rule.value for rule in OnLost], LEFT, ["yes", "no"]))


def _rows() -> Iterator[tuple[list[str], list[str]]]:
    for line in TABLE.strip().splitlines()[1:]:
        given, _, wanted = line.partition("|")
        yield given.split(), wanted.split()


def _wanted(cell: Cell) -> list[str]:
    """Return the one row that speaks of a cell."""
    (wanted,) = (
        wanted
        for given, wanted in _rows()
        if all(allowed == "*" or value in allowed.split(",") for allowed, value in zip(given, cell, strict=True))
    )
    return wanted


def _decide(cell: Cell, *, uniform: float = 0.5) -> tuple[Attempt, Step]:
    outcome, wish, on_lost, left, recurs = cell
    failures, retry = LEFT[left]
    attempt = Attempt(DUE, READY, 2, failures, 4, OnLost(on_lost))
    step = decide(
        attempt,
        OUTCOMES[outcome],
        now=NOW,
        next_due=NEXT if recurs == "yes" else None,
        retry=retry,
        wish=WISHES[wish],
        uniform=lambda: uniform,
    )
    return attempt, step


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_cell_is_as_the_table_says(outcome: str) -> None:
    for cell in (cell for cell in CELLS if cell[0] == outcome):
        attempt, step = _decide(cell)
        status, due, ready, tries, failures, in_a_row, run, final = _wanted(cell)
        instants = {"same": READY, "next": NEXT, "now": NOW, "later": LATER, "wait": NOW + 2 * FIRST_WAIT}
        counts = {"same": 0, "more": 1, "less": -1}
        assert step.status is EventStatus(status), cell
        assert step.due_at == {"same": DUE, "next": NEXT}[due], cell
        assert step.ready_at == instants[ready], cell
        assert step.attempt == (0 if tries == "zero" else attempt.attempt + counts[tries]), cell
        assert step.failures == (0 if failures == "zero" else attempt.failures + counts[failures]), cell
        assert step.failed_in_a_row == (0 if in_a_row == "zero" else 4 + counts[in_a_row]), cell
        expected = {"-": None, "itself": RunStatus(outcome) if run == "itself" else None}
        assert step.run_status is (expected[run] if run in expected else RunStatus(run)), cell
        assert step.final is (final == "yes"), cell


def test_what_ends_for_good_has_answered_its_due_time() -> None:
    for cell in CELLS:
        _, step = _decide(cell)
        if step.status.is_final:
            assert step.final
            assert step.run_status is not None
        if step.final:
            assert step.run_status is not RunStatus.SNOOZED


def test_every_step_that_is_no_success_says_why() -> None:
    for cell in CELLS:
        _, step = _decide(cell)
        if cell[0] != "succeeded":
            assert step.reason, cell


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (("failed", "-", "retry", "policy", "no"), "retry after: why"),
        (("failed", "-", "retry", "none", "no"), "why"),
        (("timed_out", "-", "retry", "policy", "no"), "still running after 5 s; what it did is unknown"),
        (("lost", "-", "fail", "policy", "no"), "lost: why; what it did is unknown"),
        (("lost", "-", "hold", "policy", "no"), "outcome unknown: lost: why; what it did is unknown"),
        (("snoozed", "-", "retry", "policy", "no"), "snoozed: why"),
        (("snoozed", "cancel", "retry", "policy", "no"), "cancelled while snoozing"),
        (("succeeded", "cancel", "retry", "policy", "yes"), "cancelled while it ran"),
        (("succeeded", "detach", "retry", "policy", "yes"), "replaced by a newer event"),
        (("released", "cancel", "retry", "policy", "yes"), "cancelled before it started"),
        (("held", "cancel", "retry", "policy", "no"), "cancelled before it started"),
        (("held", "-", "retry", "policy", "no"), "why"),
    ],
)
def test_the_reason_is_in_words(cell: Cell, reason: str) -> None:
    assert _decide(cell)[1].reason == reason


def test_a_long_error_is_shortened_where_it_is_a_reason() -> None:
    attempt = Attempt(DUE, READY, 1, 0, 0, OnLost.RETRY)
    step = decide(attempt, Failed("x" * 9999), now=NOW, next_due=None, retry=Retry(), wish=None, uniform=lambda: 0.5)
    assert step.reason == "x" * 200


def test_a_time_to_wait_until_that_has_passed_is_now() -> None:
    attempt = Attempt(DUE, READY, 1, 0, 0, OnLost.RETRY)
    for outcome in (Snoozed(NOW - timedelta(days=1)), Deferred(NOW - timedelta(days=1), "why")):
        step = decide(attempt, outcome, now=NOW, next_due=None, retry=Retry(), wish=None, uniform=lambda: 0.5)
        assert step.ready_at == NOW


def test_a_type_without_retries_survives_some_lost_workers() -> None:
    attempts = []
    for failures in range(6):
        attempt = Attempt(DUE, READY, failures + 1, failures, 0, OnLost.RETRY)
        step = decide(attempt, Lost(), now=NOW, next_due=None, retry=Retry(), wish=None, uniform=lambda: 0.5)
        attempts.append(step.status is EventStatus.SCHEDULED)
    assert attempts.index(False) == LOST_ATTEMPTS - 1


def test_retries_are_spread() -> None:
    waits = [_decide(("failed", "-", "retry", "policy", "no"), uniform=uniform)[1].ready_at - NOW for uniform in (0, 1)]
    assert waits == [2 * FIRST_WAIT * 0.8, 2 * FIRST_WAIT * 1.2]
