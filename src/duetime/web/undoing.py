"""Undoing a run for a visitor."""

from datetime import datetime

from duetime.bots.owners import Permit
from duetime.core.access import Feature, Role
from duetime.scheduling.client import Client
from duetime.scheduling.one_transaction import within
from duetime.scheduling.undo import Undo, undo_run
from duetime.store.store import Transaction
from duetime.web.errors import Forbidden
from duetime.web.reach import account_of, run_for
from duetime.web.visitor import Visitor


def undo_in(
    tx: Transaction, client: Client, visitor: Visitor, run_id: str, *, when: datetime | None = None, reason: str = ""
) -> Undo:
    """Schedule, in a transaction that is open, the event that undoes a run.

    Args:
        tx: the transaction; an error must end it.
        client: what schedules.
        visitor: who asks.
        run_id: the run's name.
        when: when to undo it; None = now.
        reason: why.

    Raises:
        UnknownName: there is no such run in the visitor's accounts.
        Forbidden: the visitor is no editor of events in the account of the run's resource.
        CannotUndo: nothing undoes it.
        NotAllowed: the login's user may not have done what undoes it.
    """
    run = run_for(tx, visitor, run_id)
    if not visitor.reach(Feature.EVENTS, Role.EDITOR).covers(account_of(run.resource_id)):
        raise Forbidden(Feature.EVENTS, Role.EDITOR)
    user = visitor.user_resource_id
    undo = undo_run(within(client, tx), run_id, when=when, user_resource_id=user, actor=visitor.actor, reason=reason)
    if undo.is_new:  # what undoes a run is known only now; an error takes it back
        only_known = client.bot_policy.only_known_owners
        Permit(user, tx.users.by_ids, only_known=only_known)(undo.event.event_type)
    return undo
