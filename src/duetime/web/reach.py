"""Fetching single things for a visitor: what lies outside of their accounts does not exist for them."""

from duetime.core.access import Feature, Reach, Role
from duetime.core.bots import Bot
from duetime.core.errors import InvalidResourceId, UnknownName
from duetime.core.events import Event, Run
from duetime.core.resources import Resource, ResourceId
from duetime.store.store import Transaction
from duetime.web.errors import Forbidden
from duetime.web.visitor import Visitor


def account_of(resource_id: str | None) -> str | None:
    """Return the account of a resource; None for none, or an id that nobody can read."""
    if resource_id is None:
        return None
    try:
        return ResourceId.from_string(resource_id).account
    except InvalidResourceId:
        return None


def event_for(tx: Transaction, visitor: Visitor, event_id: int, role: Role = Role.VIEWER) -> Event:
    """Return an event that the visitor may see, to do what needs a role.

    Raises:
        UnknownName: there is none with this id, or it lies outside of the visitor's accounts: nobody learns which.
        Forbidden: the visitor may see it, but not do this.
    """
    event = tx.events.get(event_id)
    _require(visitor, Feature.EVENTS, role, account_of(event.resource_id), kind="event", name=event_id)
    return event


def run_for(tx: Transaction, visitor: Visitor, run_id: str) -> Run:
    """Return a run that the visitor may see.

    Raises:
        UnknownName: there is none of this name in the visitor's accounts.
    """
    run = tx.runs.get(run_id)
    _require(visitor, Feature.HISTORY, Role.VIEWER, account_of(run.resource_id), kind="run", name=run_id)
    return run


def resource_for(tx: Transaction, visitor: Visitor, resource_id: str, role: Role = Role.VIEWER) -> Resource:
    """Return a resource that the visitor may see, to do what needs a role.

    Raises:
        UnknownName: the inventory has none with this id in the visitor's accounts.
        Forbidden: the visitor may see it, but not do this.
    """
    resource = tx.resources.by_ids([resource_id]).get(resource_id)
    if resource is None:
        raise UnknownName("resource", resource_id)
    _require(visitor, Feature.RESOURCES, role, resource.account, kind="resource", name=resource_id)
    return resource


def bot_for(tx: Transaction, visitor: Visitor, name: str, role: Role = Role.VIEWER) -> Bot:
    """Return a bot that the visitor may see, to do what needs a role.

    Raises:
        UnknownName: there is none of this name that looks at the visitor's accounts alone.
        Forbidden: the visitor may see it, but not do this.
    """
    bot = tx.bots.find(name)
    if bot is None or not reaches_bot(visitor.reach(Feature.BOTS), bot):
        raise UnknownName("bot", name)
    if not reaches_bot(visitor.reach(Feature.BOTS, role), bot):
        raise Forbidden(Feature.BOTS, role)
    return bot


def reaches_bot(reach: Reach, bot: Bot) -> bool:
    """Return whether a bot can be shown to somebody with this reach: all accounts that it looks at lie within.

    A bot that names no accounts looks at all of them.
    """
    accounts = bot.definition.scope.accounts
    return reach.is_everywhere or (bool(accounts) and all(reach.covers(account) for account in accounts))


def _require(visitor: Visitor, feature: Feature, role: Role, account: str | None, *, kind: str, name: object) -> None:
    if not visitor.reach(feature).covers(account):
        raise UnknownName(kind, name)
    if not visitor.reach(feature, role).covers(account):
        raise Forbidden(feature, role)
