"""What a bot sees before its actions are called."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.bots.conftest import NOW

from duetime.bots.freshness import StaleAccount
from duetime.bots.survey import survey
from duetime.builtin import actions, filters
from duetime.core.bots import ActionUse, Bot, BotDefinition, FilterUse
from duetime.core.registration import Registries
from duetime.core.resources import Account, Resource
from duetime.store.store import Store

DEV = FilterUse("duetime.filter.tag", {"key": "env", "equals": "dev"})
UNSCHEDULE = ActionUse("duetime.action.unschedule_events")
DAY = timedelta(days=1)


@pytest.mark.parametrize("complement", [False, True])
def test_what_is_too_old_is_neither_a_match_nor_the_rest(
    store: Store, registries: Registries, load: Callable[..., None], make: Callable[..., Resource], complement: bool
) -> None:
    load(filters, actions)
    tags = {"env": "dev"}
    with store.write() as tx:
        tx.accounts.save(Account("10", "fake"))
        tx.accounts.record_harvest("10")
        tx.accounts.save(Account("11", "fake"))
        tx.resources.save(
            [
                make("i-1", tags=tags),
                make("i-2"),
                make("i-3", account="11", tags=tags),
                make("i-4", account="12", tags=tags, harvested_at=NOW - 2 * DAY),
                make("i-5", account="12", harvested_at=NOW - 2 * DAY),
                make("i-6", account="13", tags=tags, harvested_at=NOW - 2 * DAY),
                make("i-7", account="13", tags=tags, harvested_at=NOW),
            ]
        )
        bot = Bot(7, BotDefinition("nightly", filters=(DEV,), actions=(UNSCHEDULE,) if complement else ()))
        seen = survey(tx, bot, registries=registries, max_age=DAY)
        unlimited = survey(tx, bot, registries=registries, max_age=None)
    assert [each.provider_id for each in seen.found.matches] == ["i-1", "i-6", "i-7"]
    rest = seen.found.non_matches
    assert (rest and [each.provider_id for each in rest]) == (["i-2"] if complement else None)
    assert seen.left_out == (
        StaleAccount("11", "it has never been harvested to its end"),
        StaleAccount("12", "its inventory is 2 d old; the limit is 1 d"),
    )
    assert (len(unlimited.found.matches), unlimited.left_out) == (5, ())
