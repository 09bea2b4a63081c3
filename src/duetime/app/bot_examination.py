"""Bots that were read, checked with what is loaded and known here."""

from collections.abc import Sequence
from dataclasses import replace

from duetime.app.app import App
from duetime.bots.check import problems_of
from duetime.bots.document import Examined
from duetime.bots.scope_check import KnownPlaces, warnings_of
from duetime.core.errors import DuetimeError, InvalidDocument, Unavailable
from duetime.core.resource_types import ResourceType


def check(app: App, examined: Sequence[Examined], *, allow_unknown: bool) -> None:
    """Add to the complaints what the loaded filters and actions refuse."""
    types = known_event_types(app)
    for each in examined:
        for bot in each.bots:
            each.complaints.extend(
                problems_of(bot, registries=app.registries, event_types=types, allow_unknown=allow_unknown)
            )


def known_event_types(app: App) -> set[str]:
    """Return the event types that are loaded here, or that somebody has ever made known."""
    loaded = set(app.registries.event_types)
    try:
        return loaded | set(app.client.event_types())
    except Unavailable:
        return loaded


def known_places(app: App) -> KnownPlaces:
    """Return what there is for scopes to name."""
    with app.store.read() as tx:
        accounts = tx.accounts.all()
        regions, types = tx.resources.regions_and_types()
        groups = frozenset(group.name for group in tx.groups.all())
    provided: set[str] = set()
    for account in accounts:
        try:
            provided |= set(app.clouds.resource_types(account=account.account))
        except DuetimeError:  # an account of a provider that is not installed here brings no types
            continue
    return KnownPlaces(
        accounts={account.account: account.badges for account in accounts},
        regions=regions.union(*(account.regions for account in accounts)),
        resource_types={*types, *provided, *(kind.value for kind in ResourceType)},
        groups=groups,
    )


def known_places_within(app: App, accounts: frozenset[str]) -> KnownPlaces:
    """Return what there is for scopes to name, as far as somebody may know who reaches these accounts alone.

    A hint such as "did you mean" names what there is, and what lies in other accounts is not for them.
    """
    known = known_places(app)
    with app.store.read() as tx:
        mine = [account for account in tx.accounts.all() if account.account in accounts]
        groups = frozenset(group.name for group in tx.groups.all(accounts=accounts))
    return replace(
        known,
        accounts={account.account: account.badges for account in mine},
        regions={region for account in mine for region in account.regions},
        groups=groups,
    )


def warnings_about(examined: Sequence[Examined], known: KnownPlaces) -> list[InvalidDocument]:
    """Return what the scopes name and nothing knows."""
    return [warning for each in examined for bot in each.bots for warning in warnings_of(bot, known)]
