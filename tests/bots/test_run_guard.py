from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.bots.conftest import NOW
from tests.bots.test_guards import CLAIM, NIGHTLY, Reading

from duetime.bots.planned_run import RUN_BOT
from duetime.bots.run_guard import BotRunGuard
from duetime.builtin import actions, filters
from duetime.core.bots import ActionUse, Bot, BotStatus
from duetime.core.guards import Defer, Verdict
from duetime.core.registration import Registries
from duetime.core.resources import Account

RUN = CLAIM._replace(event_type=RUN_BOT, resource_id=None, recheck=False)
LOADED = replace(NIGHTLY, definition=replace(NIGHTLY.definition, actions=()))
OLD = Account("10", "fake", harvested_at=NOW - timedelta(hours=25))


@pytest.fixture
def judge(registries: Registries, load: Callable[..., None]) -> Callable[..., Verdict | None]:
    load(filters, actions)

    def run(bot: Bot | None = LOADED, *accounts: Account) -> Verdict | None:
        guard = BotRunGuard(registries, lambda _: bot, lambda: accounts, timedelta(hours=24))
        return guard.judge([RUN], Reading(), now=NOW).get(RUN.event_id)

    return run


def test_it_is_about_bot_runs_alone(registries: Registries) -> None:
    guard = BotRunGuard(registries, lambda _: NIGHTLY, lambda: (), None)
    assert guard.concerns(RUN)
    assert not guard.concerns(CLAIM)
    assert guard.judge([CLAIM, RUN._replace(bot_id=None)], Reading(), now=NOW) == {}


def test_a_bot_that_can_run_runs(judge: Callable[..., Verdict | None]) -> None:
    assert judge(LOADED, Account("10", "fake", harvested_at=NOW)) is None
    assert judge(LOADED) is None


def test_a_missing_handler_is_waited_for_without_a_start(judge: Callable[..., Verdict | None]) -> None:
    bot = replace(LOADED, definition=replace(LOADED.definition, actions=(ActionUse("custom.one"),)))
    assert judge(bot) == Defer(NOW + timedelta(seconds=60), "waiting for handler custom.one")


def test_a_bot_waits_while_all_its_accounts_are_stale(judge: Callable[..., Verdict | None]) -> None:
    verdict = judge(LOADED, OLD)
    assert isinstance(verdict, Defer)
    assert verdict.reason == ("every account in its scope is stale: 10: its inventory is 1 d 1 h old; the limit is 1 d")
    everywhere = replace(
        LOADED, definition=replace(LOADED.definition, scope=replace(LOADED.definition.scope, accounts=()))
    )
    five = [replace(OLD, account=str(number)) for number in range(5)]
    verdict = judge(everywhere, *five)
    assert isinstance(verdict, Defer)
    assert verdict.reason.endswith("; and 2 more")
    assert judge(everywhere, *five, Account("9", "fake", harvested_at=NOW)) is None


@pytest.mark.parametrize("status", [BotStatus.PAUSED, BotStatus.ARCHIVED])
def test_a_bot_that_shall_not_run_is_the_run_s_own_affair(
    judge: Callable[..., Verdict | None], status: BotStatus
) -> None:
    assert judge(replace(LOADED, status=status), OLD) is None
    assert judge(None, OLD) is None
