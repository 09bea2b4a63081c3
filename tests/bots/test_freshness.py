from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from duetime.bots.freshness import StaleAccount, freshness_of, too_old
from duetime.core.bots import Badge, BotDefinition, Scope
from duetime.core.resources import Account, AccountStatus, Resource

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def account(name: str, *, age: timedelta | None = timedelta(0), **parts: object) -> Account:
    return Account(name, "fake", harvested_at=None if age is None else NOW - age, **parts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("age", "limit", "reason"),
    [
        (DAY, DAY, None),
        (DAY + HOUR, DAY, "its inventory is 1 d 1 h old; the limit is 1 d"),
        (timedelta(days=400), None, None),
        (None, DAY, "it has never been harvested to its end"),
        (None, None, None),
    ],
)
def test_an_account_is_as_fresh_as_its_last_harvest(
    age: timedelta | None, limit: timedelta | None, reason: str | None
) -> None:
    found = freshness_of(BotDefinition("b"), [account("1", age=age)], now=NOW, max_age=limit)
    assert found.stale == (() if reason is None else (StaleAccount("1", reason),))
    assert found.is_nothing_left == (reason is not None)


def test_refused_credentials_are_stale_whatever_the_age() -> None:
    refused = account("1", status=AccountStatus.INVALID, last_error="AccessDenied")
    found = freshness_of(BotDefinition("b"), [refused, account("2")], now=NOW, max_age=None)
    assert [str(each) for each in found.stale] == ["account 1 is left out: its credentials are refused: AccessDenied"]
    assert found.left_out == {"1"}
    assert not found.is_nothing_left


def test_the_bot_s_own_limit_goes_before_the_setting() -> None:
    accounts = [account("1", age=2 * HOUR)]
    strict = BotDefinition("b", max_inventory_age=HOUR)
    patient = BotDefinition("b", max_inventory_age=3 * HOUR)
    assert freshness_of(strict, accounts, now=NOW, max_age=DAY).left_out == {"1"}
    assert freshness_of(patient, accounts, now=NOW, max_age=HOUR).left_out == set()


@pytest.mark.parametrize(
    ("scope", "in_scope"),
    [
        (Scope(), ("1", "2")),
        (Scope(accounts=("2", "9")), ("2",)),
        (Scope(all_badges=(Badge("env", "prod"),)), ("1",)),
        (Scope(accounts=("9",)), ()),
    ],
)
def test_only_accounts_in_scope_are_judged(scope: Scope, in_scope: tuple[str, ...]) -> None:
    accounts = [account("1", age=None, badges={"env": "prod"}), account("2", age=None)]
    found = freshness_of(BotDefinition("b", scope=scope), accounts, now=NOW, max_age=DAY)
    assert found.in_scope == in_scope
    assert found.left_out == set(in_scope)
    assert found.is_nothing_left == bool(in_scope)


def test_unregistered_accounts_are_as_old_as_their_newest_resource(make: Callable[..., Resource]) -> None:
    def seen(provider_id: str, name: str, age: timedelta) -> Resource:
        return make(provider_id, account=name, harvested_at=NOW - age)

    resources = [seen("a", "1", 2 * DAY), seen("b", "1", HOUR), seen("c", "2", 2 * DAY), seen("d", "3", 3 * DAY)]
    assert too_old(resources, registered=["3"], now=NOW, limit=DAY) == (
        StaleAccount("2", "its inventory is 2 d old; the limit is 1 d"),
    )
    assert too_old(resources, registered=[], now=NOW, limit=None) == ()
