"""What every contender is asked to do: the same wishes of one bot for the same resources."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import NamedTuple

EVENT_TYPE = "bench.noop"
DESCRIPTION = "Stop outside office hours"
LEASE_SECONDS = 30
BATCH = 500
"""Events per claim and per finish, as in the engine."""

FAR_FUTURE = datetime(2090, 1, 1, tzinfo=UTC)

_ACCOUNTS = 9
"""Accounts of the bot that is measured."""
ALL_ACCOUNTS = 50
"""Accounts there are; of the other bots, each looks at one of them."""
_REGIONS = ("eu-central-1", "eu-west-1", "us-east-1", "us-west-2", "ap-south-1")


@dataclass(frozen=True, slots=True)
class Bot:
    """As much of a bot as a tracker reads."""

    bot_id: int = 1
    name: str = "office-hours"
    owner: str = "divvyuser:1"


BOT = Bot()


class Wish(NamedTuple):
    """One event to be scheduled."""

    resource_id: str
    when: datetime


def wishes(
    count: int, *, start: datetime, apart: timedelta, first: int = 0, accounts: Sequence[int] = range(_ACCOUNTS)
) -> list[Wish]:
    """Return wishes for `count` different resources, in the order in which a bot is given them: by id.

    Args:
        count: how many.
        start: when the first one is due.
        apart: the time between two of them.
        first: the number of the first resource; different numbers are different resources.
        accounts: the numbers of the accounts that the resources are in.
    """
    ids = sorted(_resource_id(first + number, accounts) for number in range(count))
    return [Wish(resource_id, start + number * apart) for number, resource_id in enumerate(ids)]


def _resource_id(number: int, accounts: Sequence[int]) -> str:
    """Return an id whose last part says nothing about the number, as clouds make them."""
    account = 100_000_000_000 + accounts[number % len(accounts)]
    region = _REGIONS[number // len(accounts) % len(_REGIONS)]
    provider_id = blake2b(str(number).encode(), digest_size=9).hexdigest()[:17]
    return f"instance:{account}:{region}:i-{provider_id}:"
