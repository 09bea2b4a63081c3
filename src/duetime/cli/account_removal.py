"""`duetime accounts remove`: an account, what is known of it, and what was planned for it."""

from typing import Annotated

import typer

from duetime.cli.consent import Yes, ask_consent, events_in_words
from duetime.cli.options import Json
from duetime.cli.output import line
from duetime.cli.plain import emit


def remove(
    account: Annotated[str, typer.Argument(metavar="ID", help="Which account.")],
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Remove an account: its harvests, its resources from the inventory, and the pending events of these resources.

    Nothing is done in the cloud. History stays.
    """
    from duetime.app.account_changes import pending_in, remove_account
    from duetime.cli.opening import actor, opened

    with opened() as duetime:
        with duetime.store.read() as tx:
            tx.accounts.get(account)
        pending = pending_in(duetime, account)
        if pending:
            what = f"This would cancel {events_in_words(pending)} of resources in account {account}."
            ask_consent(what, instead="", yes=yes)
        removed = remove_account(duetime, account, actor=actor())
    if as_json:
        emit({"account": account, "resources": removed.resources, "cancelled": removed.cancelled})
    else:
        forgotten, cancelled = f"{removed.resources} resources forgotten", events_in_words(removed.cancelled)
        line(f"Account {account} is removed: {forgotten}, {cancelled} cancelled.")
