from collections.abc import Collection, Mapping

import pytest
from tests.bots.conftest import NOW, StandingClock
from tests.bots.test_guards import CLAIM, Reading

from duetime.bots.owners import AnybodyRegistered, OwnerGuard, Permit, refusal
from duetime.bots.planned_run import RUN_BOT
from duetime.core.claims import Claim
from duetime.core.errors import NotAllowed
from duetime.core.guards import Deny
from duetime.core.users import User, UserStatus

ANN, BEN = "divvyuser:7", "divvyuser:8"
STOP = "divvy.stop_resource"


class Book:
    """The registered users, and how often they were looked up."""

    def __init__(self, *users: User) -> None:
        self.users = {user.user_resource_id: user for user in users}
        self.asked: list[set[str]] = []

    def __call__(self, ids: Collection[str]) -> Mapping[str, User]:
        self.asked.append(set(ids))
        return {user_id: self.users[user_id] for user_id in ids if user_id in self.users}

    def guard(self, *, only_known: bool = False) -> OwnerGuard:
        return OwnerGuard(self, is_anybody_registered=lambda: bool(self.users), only_known=only_known)


def claim(number: int, user: str | None, event_type: str = STOP) -> Claim:
    return CLAIM._replace(event_id=number, user_resource_id=user, event_type=event_type, resource_id=None)


@pytest.mark.parametrize(
    ("user", "event_type", "reason"),
    [
        (User(ANN), STOP, None),
        (User(ANN, event_types=("divvy.start_*",)), STOP, f"user {ANN} may not have {STOP} done"),
        (User(ANN, event_types=("divvy.start_*",)), RUN_BOT, None),
        (User(ANN, status=UserStatus.DISABLED), STOP, f"user {ANN} is disabled"),
        (User(ANN, status=UserStatus.DISABLED), RUN_BOT, f"user {ANN} is disabled"),
        (None, STOP, None),
    ],
)
def test_what_stands_against_it_is_said(user: User | None, event_type: str, reason: str | None) -> None:
    assert refusal(user, ANN, event_type, only_known=False) == reason


def test_unknown_users_are_refused_where_only_known_ones_may() -> None:
    assert refusal(None, ANN, STOP, only_known=True) == f"user {ANN} is not registered"


def test_a_batch_is_judged_with_one_look_up() -> None:
    book = Book(User(ANN, status=UserStatus.DISABLED), User(BEN))
    claims = [claim(1, ANN), claim(2, BEN), claim(3, None), claim(4, ANN, RUN_BOT), claim(5, "divvyuser:9")]
    assert book.guard().judge(claims, Reading(), now=NOW) == {
        1: Deny(f"user {ANN} is disabled"),
        4: Deny(f"user {ANN} is disabled"),
    }
    assert book.asked == [{ANN, BEN, "divvyuser:9"}]
    assert set(book.guard(only_known=True).judge(claims, Reading(), now=NOW)) == {1, 4, 5}


def test_it_is_concerned_by_events_of_users_once_somebody_is_registered() -> None:
    guard = Book(User(ANN)).guard()
    assert guard.concerns(claim(1, ANN))
    assert not guard.concerns(claim(1, None))
    nobody = Book()
    assert not nobody.guard().concerns(claim(1, ANN))
    assert nobody.guard().judge([claim(1, ANN)], Reading(), now=NOW) == {}
    assert nobody.asked == []
    assert nobody.guard(only_known=True).concerns(claim(1, ANN))


def test_whether_anybody_is_registered_is_asked_once_a_second_until_somebody_is(clock: StandingClock) -> None:
    answers = [False, False, True]
    is_anybody = AnybodyRegistered(lambda: answers.pop(0), clock=clock)
    assert [is_anybody() for _ in range(3)] == [False] * 3
    assert len(answers) == 2
    for _ in range(2):
        clock.moment += (NOW - NOW).resolution * 1_000_000
        is_anybody()
    assert is_anybody()
    assert answers == []


def test_a_permit_lets_pass_what_the_owner_may_and_looks_once() -> None:
    book = Book(User(ANN, event_types=("divvy.start_*",)))
    permit = Permit(ANN, book)
    for _ in range(3):
        permit("divvy.start_resource")
        with pytest.raises(NotAllowed, match=r"may not have divvy\.stop_resource done"):
            permit(STOP)
    assert book.asked == [{ANN}]


def test_a_bot_without_an_owner_may_anything() -> None:
    book = Book()
    Permit(None, book, only_known=True)(STOP)
    assert book.asked == []
    with pytest.raises(NotAllowed, match="not registered"):
        Permit(ANN, book, only_known=True)(STOP)
