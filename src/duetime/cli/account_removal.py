"""`duetime accounts remove`: an account, what is known of it, and what was planned for it."""

from typing import TYPE_CHECKING, Annotated

import typer

from duetime.cli.consent import Yes, ask_consent, events_in_words
from duetime.cli.options import Json
from duetime.cli.output import line
from duetime.cli.plain import emit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duetime.app.app import App


def remove(
    account: Annotated[str, typer.Argument(metavar="ID", help="Which account.")],
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Remove an account: its harvests, its resources from the inventory, and the pending events of these resources.

    Nothing is done in the cloud. History stays.
    """
    from datetime import timedelta

    from duetime.app.standing import plant_harvest
    from duetime.cli.opening import actor, opened
    from duetime.core.operations import CancelEvents

    reason = f"account {account} was removed"
    with opened() as duetime:
        with duetime.store.read() as tx:
            known = tx.accounts.get(account)
        pending = sum(len(events) for _, events in _pending(duetime, account))
        if pending:
            what = f"This would cancel {events_in_words(pending)} of resources in account {account}."
            ask_consent(what, instead="", yes=yes)
        plant_harvest(duetime.client, account, every=timedelta(0), actor=actor())
        with duetime.store.write() as tx:
            tx.harvests.forget(account)  # a harvest that goes on meanwhile brings nothing back
        resources = cancelled = 0
        # In parts, and the account last: when this process dies, what is left can be removed by doing it again.
        for ids, events in _pending(duetime, account):
            with duetime.store.write() as tx:
                cancelled += tx.operations.apply([CancelEvents(tuple(events), reason, actor())]).cancelled
                tx.resources.forget(ids)
            resources += len(ids)
        with duetime.store.write() as tx:
            tx.harvests.forget(account)
            tx.accounts.remove(account)
            tx.audit.add(
                actor=actor(),
                verb="account.remove",
                subject=f"account:{account}",
                before={"name": known.name, "provider": known.provider, "regions": list(known.regions)},
            )
    if as_json:
        emit({"account": account, "resources": resources, "cancelled": cancelled})
    else:
        line(f"Account {account} is removed: {resources} resources forgotten, {events_in_words(cancelled)} cancelled.")


_MOST = 500


def _pending(app: "App", account: str) -> "Iterator[tuple[list[str], list[int]]]":
    """Yield the account's resources in parts, each with its live events."""
    after = ""
    while True:
        with app.store.read() as tx:
            ids = tx.resources.of_account(account, after=after, most=_MOST)
            events = [event.event_id for event in tx.bot_events.of_resources(ids)]
        if not ids:
            return
        yield ids, events
        after = ids[-1]
