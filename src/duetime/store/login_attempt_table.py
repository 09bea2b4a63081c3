"""Failed attempts to log in, counted where every web server sees them."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, select

from duetime.core.logins import Attempts
from duetime.store.access_tables import login_attempts
from duetime.store.upsert import insert_if_absent, upsert


class LoginAttemptTable:
    """Failed attempts by whom they are counted for: a login, an address, a browser."""

    def __init__(self, connection: Connection, *, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def locked(self, whos: Collection[str]) -> Mapping[str, Attempts]:
        """Return the counts of these, by whom, with their rows locked until the transaction ends.

        Those that are not there are made with a count of 0, so that there is a row to lock.
        """
        for who in sorted(whos):  # in one order everywhere, or two requests could wait for each other
            insert_if_absent(self._connection, login_attempts, {"who": who, "failures": 0, "failed_at": self._now})
        statement = (
            select(login_attempts)
            .where(login_attempts.c.who.in_(list(whos)))
            .order_by(login_attempts.c.who)
            .with_for_update()
        )
        return {row.who: Attempts(**row._asdict()) for row in self._connection.execute(statement)}

    def find(self, who: str) -> Attempts | None:
        """Return the count of one, or None."""
        row = self._connection.execute(select(login_attempts).where(login_attempts.c.who == who)).one_or_none()
        return None if row is None else Attempts(**row._asdict())

    def write(self, counts: Collection[Attempts]) -> None:
        """Keep these counts in place of those before."""
        rows = [
            {
                "who": count.who,
                "failures": count.failures,
                "failed_at": count.failed_at,
                "blocked_until": count.blocked_until,
            }
            for count in counts
        ]
        upsert(self._connection, login_attempts, rows)

    def forget(self, whos: Collection[str]) -> int:
        """Delete the counts of these; return how many there were."""
        statement = delete(login_attempts).where(login_attempts.c.who.in_(list(whos)))
        return self._connection.execute(statement).rowcount

    def prune(self, prefix: str, *, before: datetime) -> int:
        """Delete the counts whose `who` begins with `prefix` and whose last failure is older; return how many."""
        statement = delete(login_attempts).where(
            login_attempts.c.who.startswith(prefix, autoescape=True), login_attempts.c.failed_at < before
        )
        return self._connection.execute(statement).rowcount
