"""Bots that run because something happened to a resource: which, for which resources, and the events of their runs.

A trigger is an event like any other, written in the transaction that writes the change: it is there when the change is,
and survives whatever happens to the process that harvests. The bot's filters are asked when it runs.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from duetime.bots.freshness import is_in_scope
from duetime.bots.planned_run import RUN_BOT
from duetime.core.bots import Bot, BotStatus, Hookpoint
from duetime.core.events import OnExisting
from duetime.core.harvests import ResourceChange
from duetime.core.json_types import canonical
from duetime.core.operations import ScheduleEvent
from duetime.core.resources import Account, Resource
from duetime.jobs.arguments import MAX_BYTES
from duetime.scheduling.preparation import Request, prepare
from duetime.store.store import Transaction

MOST_RESOURCES = 500
"""How many resources one run of a bot is triggered for; more of them make further runs."""


@dataclass(frozen=True, slots=True)
class TriggeredRun:
    """A run of a bot for the resources to which something happened."""

    bot: Bot
    hookpoint: Hookpoint
    resource_ids: tuple[str, ...]

    @property
    def arguments(self) -> Mapping[str, object]:
        """What the event of the run is given."""
        return {"bot": self.bot.name, "hookpoint": self.hookpoint.value, "resources": list(self.resource_ids)}

    def describe(self) -> str:
        number = len(self.resource_ids)
        return f"Run bot {self.bot.name}: {_WORDS[self.hookpoint]} {number} resource{'' if number == 1 else 's'}"


_WORDS: Mapping[Hookpoint, str] = {
    Hookpoint.CREATED: "created",
    Hookpoint.MODIFIED: "modified",
    Hookpoint.TAGS_MODIFIED: "tags modified on",
    Hookpoint.DESTROYED: "destroyed",
}


def triggered_runs(
    bots: Iterable[Bot],
    changes: Sequence[ResourceChange],
    *,
    accounts: Sequence[Account],
    most_resources: int = MOST_RESOURCES,
    most_bytes: int = MAX_BYTES,
) -> list[TriggeredRun]:
    """Return the runs that changes ask for: one for each bot and hookpoint, or more where one would be too large.

    Of a scope, what can be told at once is asked: accounts, their badges, regions and types. Its resource groups and
    the filters are asked by the run itself.

    Args:
        bots: any; those that do not run are left out.
        changes: what happened; quiet changes raise nothing.
        accounts: every account there is, for the badges.
        most_resources: how many resources one run is for.
        most_bytes: the largest argument text of one event.
    """
    by_hookpoint: dict[Hookpoint, dict[str, Resource]] = defaultdict(dict)
    for change in changes:
        for hookpoint in () if change.is_quiet else change.hookpoints:
            by_hookpoint[hookpoint][change.resource.resource_id] = change.resource
    badges = {account.account: account for account in accounts}
    runs: list[TriggeredRun] = []
    for bot in bots if by_hookpoint else ():
        if bot.status is not BotStatus.RUNNING:
            continue
        for hookpoint in dict.fromkeys(bot.definition.triggers):
            found = by_hookpoint.get(hookpoint, {}).values()
            ids = [resource.resource_id for resource in found if _may_concern(bot, resource, badges)]
            frame = len(canonical(TriggeredRun(bot, hookpoint, ()).arguments).encode())
            parts = _parts(ids, most=most_resources, room=most_bytes - frame)
            runs += [TriggeredRun(bot, hookpoint, part) for part in parts]
    return runs


def raise_triggers(tx: Transaction, changes: Sequence[ResourceChange], *, most_bytes: int = MAX_BYTES) -> int:
    """Schedule the runs that changes ask for; return how many.

    Args:
        tx: the transaction that writes the changes.
        changes: what happened.
        most_bytes: the largest argument text of one event.
    """
    if all(change.is_quiet for change in changes):
        return 0
    bots = [bot for bot in tx.bots.all() if bot.definition.triggers]
    if not bots:
        return 0
    runs = triggered_runs(bots, changes, accounts=tx.accounts.all(), most_bytes=most_bytes)
    known = tx.event_types.by_ids([RUN_BOT])
    requests = (
        Request(
            event_type=RUN_BOT,
            schedule=tx.now,
            args=run.arguments,
            description=run.describe(),
            bot_id=run.bot.bot_id,
            on_existing=OnExisting.ADD,
            recheck=False,
            user_resource_id=run.bot.owner,
            created_by=f"trigger:{run.hookpoint.value}",
        )
        for run in runs
    )
    tx.operations.apply(
        [ScheduleEvent(prepare(request, known=known, now=tx.now, most_bytes=most_bytes)) for request in requests]
    )
    return len(runs)


def _may_concern(bot: Bot, resource: Resource, accounts: Mapping[str, Account]) -> bool:
    scope = bot.definition.scope
    account = accounts.get(resource.account) or Account(resource.account, provider="")
    return (
        is_in_scope(scope, account)
        and (not scope.regions or resource.region in scope.regions)
        and (not scope.resource_types or resource.resource_type in scope.resource_types)
    )


def _parts(resource_ids: Sequence[str], *, most: int, room: int) -> Iterator[tuple[str, ...]]:
    """Yield the ids in parts that are small enough, by number and as JSON; an id that has no room alone gets a part."""
    part: list[str] = []
    used = 0
    for resource_id in resource_ids:
        size = len(json.dumps(resource_id)) + 1  # and a comma; escaped, so never shorter than what is stored
        if part and (len(part) == most or used + size > room):
            yield tuple(part)
            part, used = [], 0
        part.append(resource_id)
        used += size
    if part:
        yield tuple(part)
