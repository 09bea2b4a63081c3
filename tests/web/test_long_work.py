import threading
from datetime import UTC, datetime, timedelta

import pytest

from duetime.core.errors import Invalid, UnknownName
from duetime.testing.clock import ManualClock
from duetime.web.errors import TooMuchWork
from duetime.web.long_work import KEPT_FOR, LongWork, WorkState

PATIENCE = 30
ME, OTHER = "web:ann", "api:ann/k3v9xwab"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 3, 2, tzinfo=UTC))


def test_something_quick_is_there_at_the_first_look(clock: ManualClock) -> None:
    work: LongWork[int] = LongWork(clock)
    ticket = work.ask("seven", who=ME, work=lambda: 7)
    found = work.look(ticket, who=ME, wait_seconds=PATIENCE)
    assert (found.state, found.result, found.problem, found.subject) == (WorkState.DONE, 7, "", "seven")
    assert found.is_over


def test_nobody_else_is_shown_a_result(clock: ManualClock) -> None:
    work: LongWork[int] = LongWork(clock)
    ticket = work.ask("seven", who=ME, work=lambda: 7)
    with pytest.raises(UnknownName):
        work.look(ticket, who=OTHER)
    with pytest.raises(UnknownName):
        work.look("a guess", who=ME)


def test_so_many_are_worked_at_and_so_many_wait(clock: ManualClock) -> None:
    work: LongWork[int] = LongWork(clock, threads=1, most_waiting=1)
    go, begun = threading.Event(), threading.Event()

    def slow() -> int:
        begun.set()
        go.wait(PATIENCE)
        return 1

    first = work.ask("slow", who=ME, work=slow)
    assert begun.wait(PATIENCE)
    clock.elapsed += 5
    looked = work.look(first, who=ME)
    assert (looked.state, looked.took, looked.is_over) == (WorkState.WORKING, timedelta(seconds=5), False)
    assert work.ask("slow", who=ME, work=slow) == first
    second = work.ask("slow", who=OTHER, work=slow)
    assert work.look(second, who=OTHER).state is WorkState.WAITING
    with pytest.raises(TooMuchWork):
        work.ask("another", who=ME, work=slow)
    go.set()
    assert work.look(second, who=OTHER, wait_seconds=PATIENCE).result == 1
    assert work.ask("slow", who=ME, work=slow) != first


def test_what_fails_says_why_and_keeps_nobody_from_the_rest(clock: ManualClock) -> None:
    work: LongWork[int] = LongWork(clock, threads=1)

    def refused() -> int:
        raise Invalid("The bot is wrong.")

    def broken() -> int:
        raise ZeroDivisionError("a secret detail")

    tickets = [work.ask(name, who=ME, work=each) for name, each in (("a", refused), ("b", broken))]
    first, second = (work.look(ticket, who=ME, wait_seconds=PATIENCE) for ticket in tickets)
    assert (first.state, first.problem) == (WorkState.FAILED, "The bot is wrong.")
    assert "ZeroDivisionError" in second.problem
    assert "secret" not in second.problem
    last = work.ask("c", who=ME, work=lambda: 3)
    assert work.look(last, who=ME, wait_seconds=PATIENCE).result == 3


def test_results_are_forgotten_after_a_while_and_when_they_are_many(clock: ManualClock) -> None:
    work: LongWork[int] = LongWork(clock, most_kept=2)
    tickets = []
    for number in range(3):
        tickets.append(work.ask(str(number), who=ME, work=lambda: 1))
        work.look(tickets[-1], who=ME, wait_seconds=PATIENCE)
    with pytest.raises(UnknownName):
        work.look(tickets[0], who=ME)
    assert work.look(tickets[2], who=ME).result == 1
    clock.elapsed += KEPT_FOR.total_seconds() + 1
    with pytest.raises(UnknownName):
        work.look(tickets[2], who=ME)
