"""The cloud accounts that are harvested."""

import json
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, select, update

from duetime.core.errors import UnknownName, nearest
from duetime.core.json_types import canonical
from duetime.core.resources import Account, AccountStatus
from duetime.core.sanitising import clean_text
from duetime.store.cloud_tables import accounts
from duetime.store.rows import account_of
from duetime.store.upsert import upsert

REFUSALS_UNTIL_INVALID = 3
"""How many harvests must be refused one after the other for an account to count as invalid: one may be a key that is
being replaced."""


class Credentials(Enum):
    """What a harvest says of an account's credentials."""

    SERVE = "serve"
    """The cloud answered with them somewhere."""
    REFUSED = "refused"
    """The cloud refused them, and answered nowhere."""


class Standing(NamedTuple):
    """What became of an account's status."""

    before: AccountStatus
    after: AccountStatus

    @property
    def is_changed(self) -> bool:
        return self.before is not self.after


class AccountTable:
    """Accounts by id."""

    def __init__(self, connection: Connection, *, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def save(self, account: Account) -> None:
        """Insert or change an account; what is known of its harvests stays."""
        row = {
            "account": account.account,
            "provider": account.provider,
            "name": account.name,
            "regions": json.dumps(list(account.regions)),
            "settings": canonical(account.settings),
            "badges": canonical(account.badges),
        }
        upsert(self._connection, accounts, [row])

    def all(self) -> list[Account]:
        """Return every account, by id."""
        return [account_of(row) for row in self._connection.execute(select(accounts).order_by(accounts.c.account))]

    def get(self, account: str) -> Account:
        """Return one account.

        Raises:
            UnknownName: there is none with this id.
        """
        row = self._connection.execute(select(accounts).where(accounts.c.account == account)).one_or_none()
        if row is None:
            raise UnknownName("account", account, near=nearest(account, [known.account for known in self.all()]))
        return account_of(row)

    def set_badges(self, account: str, badges: Mapping[str, str]) -> Account:
        """Give an account these badges and no others; return it.

        Raises:
            UnknownName: there is none with this id.
        """
        self.get(account)
        mine = accounts.c.account == account
        self._connection.execute(update(accounts).where(mine).values(badges=canonical(badges)))
        return self.get(account)

    def remove(self, account: str) -> None:
        """Delete an account."""
        self._connection.execute(delete(accounts).where(accounts.c.account == account))

    def record_harvest(self, account: str, *, error: str = "", credentials: Credentials | None = None) -> Standing:
        """Remember how the last harvest ended, and what that says of the account's credentials.

        Args:
            account: which; one that was removed meanwhile stays removed.
            error: what went wrong; empty means that it ended well, and so that the credentials serve.
            credentials: what it says of them; None = nothing.
        """
        mine = accounts.c.account == account
        row = self._connection.execute(select(accounts).where(mine).with_for_update()).one_or_none()
        if row is None:
            return Standing(AccountStatus.VALID, AccountStatus.VALID)
        before = AccountStatus(row.status)
        changes: dict[str, Any] = {"failures": row.failures + 1, "last_error": clean_text(error)}
        if not error:
            changes = {"failures": 0, "last_error": "", "harvested_at": self._now}
            credentials = Credentials.SERVE
        after = before
        if credentials is Credentials.SERVE:
            after = AccountStatus.VALID
            changes["refusals"] = 0
        elif credentials is Credentials.REFUSED:
            changes["refusals"] = row.refusals + 1
            if row.refusals + 1 >= REFUSALS_UNTIL_INVALID:
                after = AccountStatus.INVALID
        self._connection.execute(update(accounts).where(mine).values(**changes, status=after.value))
        return Standing(before, after)
