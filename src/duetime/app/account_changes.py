"""Adding accounts, giving them badges, and removing them with all that was planned for them."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from duetime.app.app import App
from duetime.app.standing import plant_harvest
from duetime.core.errors import Invalid, UnknownName, nearest
from duetime.core.events import Event
from duetime.core.operations import CancelEvents
from duetime.core.resources import Account

_PART = 500


@dataclass(frozen=True, slots=True)
class Removed:
    """What removing an account took away.

    Attributes:
        resources: how many resources were forgotten.
        cancelled: how many pending events were cancelled.
    """

    resources: int
    cancelled: int


def save_account(
    app: App, account: Account, *, badges: Mapping[str, str], every: timedelta, actor: str
) -> tuple[Account, Event | None]:
    """Add an account or change what is known of it; no call to the cloud is made.

    Args:
        app: where.
        account: what it is to be; its badges count for nothing.
        badges: those it gets beside the ones it has.
        every: how often workers harvest it; nothing for never.
        actor: who asks.

    Returns:
        The account, and the event that harvests it again and again, if there is one.

    Raises:
        Invalid: it has no region, or its provider refuses one of its settings.
        UnknownName: there is no such provider.
    """
    if not account.regions:
        message = "An account needs at least one region, such as eu-central-1."
        raise Invalid(message)
    app.clouds.check(account)
    with app.store.write() as tx:
        # What it had before stays, unless it is said anew.
        known = next((each for each in tx.accounts.all() if each.account == account.account), account)
        added = replace(account, badges={**known.badges, **badges})
        tx.accounts.save(added)
        after = {
            "provider": added.provider,
            "name": added.name,
            "regions": list(added.regions),
            "settings": dict(added.settings),
            "badges": dict(added.badges),
        }
        tx.audit.add(actor=actor, verb="account.save", subject=f"account:{added.account}", after=after)
        saved = tx.accounts.get(added.account)
    return saved, plant_harvest(app.client, saved.account, every=every, actor=actor)


def change_badges(
    app: App, account: str, *, given: Mapping[str, str], taken: Collection[str] = (), actor: str
) -> Account:
    """Give an account badges, and take some from it.

    Raises:
        UnknownName: there is no such account, or it has no such badge.
    """
    with app.store.write() as tx:
        before = tx.accounts.get(account)
        for key in taken:
            if key not in before.badges:
                raise UnknownName(f"badge of account {account}", key, near=nearest(key, before.badges))
        wanted = {**{key: value for key, value in before.badges.items() if key not in taken}, **given}
        if wanted == dict(before.badges):
            return before
        after = tx.accounts.set_badges(account, wanted)
        tx.audit.add(
            actor=actor,
            verb="account.badges",
            subject=f"account:{account}",
            before={"badges": dict(before.badges)},
            after={"badges": dict(after.badges)},
        )
        return after


def pending_in(app: App, account: str) -> int:
    """Return how many live events there are of the resources of an account."""
    return sum(len(events) for _, events in _parts(app, account))


def remove_account(app: App, account: str, *, actor: str) -> Removed:
    """Remove an account: its harvests, its resources from the inventory, and the pending events of these resources.

    Nothing is done in the cloud. History stays. It is done in parts, and the account goes last: when this process dies,
    what is left can be removed by doing it again.

    Raises:
        UnknownName: there is no such account.
    """
    with app.store.read() as tx:
        known = tx.accounts.get(account)
    plant_harvest(app.client, account, every=timedelta(0), actor=actor)
    with app.store.write() as tx:
        tx.harvests.forget(account)  # a harvest that goes on meanwhile brings nothing back
    reason = f"account {account} was removed"
    resources = cancelled = 0
    for ids, events in _parts(app, account):
        with app.store.write() as tx:
            cancelled += tx.operations.apply([CancelEvents(tuple(events), reason, actor)]).cancelled
            tx.resources.forget(ids)
        resources += len(ids)
    with app.store.write() as tx:
        tx.harvests.forget(account)
        tx.accounts.remove(account)
        tx.audit.add(
            actor=actor,
            verb="account.remove",
            subject=f"account:{account}",
            before={"name": known.name, "provider": known.provider, "regions": list(known.regions)},
        )
    return Removed(resources, cancelled)


def _parts(app: App, account: str) -> Iterator[tuple[list[str], list[int]]]:
    """Yield the account's resources in parts, each with its live events."""
    after = ""
    while True:
        with app.store.read() as tx:
            ids = tx.resources.of_account(account, after=after, most=_PART)
            events = [event.event_id for event in tx.bot_events.of_resources(ids)]
        if not ids:
            return
        yield ids, events
        after = ids[-1]
