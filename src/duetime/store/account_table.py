"""The cloud accounts that are harvested."""

import json
from datetime import datetime

from sqlalchemy import Connection, select, update

from duetime.core.errors import UnknownName, nearest
from duetime.core.json_types import canonical
from duetime.core.resources import Account
from duetime.store.rows import account_of
from duetime.store.tables import accounts
from duetime.store.upsert import upsert


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

    def record_harvest(self, account: str, *, error: str = "") -> None:
        """Remember how the last harvest ended; an empty error means well."""
        changes = (
            {"failures": accounts.c.failures + 1, "last_error": error}
            if error
            else {"failures": 0, "last_error": "", "harvested_at": self._now}
        )
        self._connection.execute(update(accounts).where(accounts.c.account == account).values(**changes))
