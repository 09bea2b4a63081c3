from datetime import timedelta

from tests.bots.conftest import NOW
from tests.bots.test_guards import CLAIM, Reading

from duetime.bots.account_guard import AccountGuard
from duetime.core.guards import Defer
from duetime.core.resources import Account, AccountStatus

REFUSED = Account("10", "fake", status=AccountStatus.INVALID, last_error="ExpiredToken")
LATER = NOW + timedelta(minutes=5)


def test_the_events_of_an_invalid_account_wait() -> None:
    guard = AccountGuard(lambda: [REFUSED, Account("11", "fake")])
    there = CLAIM._replace(event_id=2, resource_id="instance:11:us-east-1:i-1:")
    without = CLAIM._replace(event_id=3, resource_id=None)
    assert guard.judge([CLAIM, there, without], Reading(), now=NOW) == {
        1: Defer(LATER, "account 10: its credentials are refused: ExpiredToken")
    }


def test_the_accounts_are_read_once_and_only_when_there_is_something_to_judge() -> None:
    asked: list[int] = []

    def accounts() -> list[Account]:
        asked.append(1)
        return [REFUSED]

    guard = AccountGuard(accounts)
    assert not guard.concerns(CLAIM)
    assert guard.judge([CLAIM], Reading(asked=False), now=NOW) == {}
    assert asked == []
    guard.judge([CLAIM._replace(event_id=n) for n in range(9)], Reading(), now=NOW)
    assert asked == [1]
