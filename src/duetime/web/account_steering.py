"""What a visitor sees of an account, and may have done with it."""

from duetime.app.app import App
from duetime.builtin.harvest import HARVEST
from duetime.core.access import Feature, Role
from duetime.core.errors import UnknownName
from duetime.core.events import Event
from duetime.core.resources import Account
from duetime.core.statuses import EventStatus
from duetime.store.event_table import EventQuery
from duetime.store.store import Transaction
from duetime.web.errors import Forbidden
from duetime.web.visitor import Visitor

_LIVE = tuple(status for status in EventStatus if not status.is_final)
_MOST = 5_000
"""How many harvests are looked at; there is about one for each account."""


def account_for(tx: Transaction, visitor: Visitor, name: str, role: Role = Role.VIEWER) -> Account:
    """Return an account that the visitor may see, to do what needs a role.

    Raises:
        UnknownName: there is none of this id that the visitor reaches.
        Forbidden: the visitor may see it, but not do this.
    """
    account = next((account for account in tx.accounts.all() if account.account == name), None)
    if account is None or not visitor.reach(Feature.ACCOUNTS).covers(name):
        raise UnknownName("account", name)
    if not visitor.reach(Feature.ACCOUNTS, role).covers(name):
        raise Forbidden(Feature.ACCOUNTS, role)
    return account


def harvests_of(tx: Transaction, account: str) -> tuple[Event, ...]:
    """Return the live events that harvest an account, the one that is due first at the beginning."""
    found = tx.events.find(EventQuery(event_type=HARVEST, statuses=_LIVE, most=_MOST))
    mine = (event for event in found if event.args.get("account") == account)
    return tuple(sorted(mine, key=lambda event: (event.ready_at, event.event_id)))


def harvest_account(app: App, visitor: Visitor, name: str) -> Event:
    """Let a worker harvest an account now, and return the event that does.

    While a harvest that somebody asked for waits or runs, no second one is scheduled.

    Raises:
        UnknownName: there is no such account that the visitor reaches.
        Forbidden: the visitor may not change it.
    """
    with app.store.read() as tx:
        account_for(tx, visitor, name, Role.EDITOR)
        present = next((event for event in harvests_of(tx, name) if _is_asked_for(event)), None)
    if present is not None:
        return present
    return app.client.schedule(
        HARVEST, app.client.now(), args={"account": name}, description=f"Harvest account {name}", actor=visitor.actor
    )


def _is_asked_for(event: Event) -> bool:
    return not event.recurring and event.status in (EventStatus.SCHEDULED, EventStatus.RUNNING)


def require_new_account(visitor: Visitor) -> None:
    """See that a visitor may add accounts and say how they are reached.

    Raises:
        Forbidden: they are no administrator of all accounts. The settings of an account say with which rights of the
            workers it is read, so that they would reach further than who wrote them.
    """
    if not visitor.reach(Feature.ACCOUNTS, Role.ADMIN).is_everywhere:
        raise Forbidden(Feature.ACCOUNTS, Role.ADMIN, "in all accounts, to say how one is reached")
