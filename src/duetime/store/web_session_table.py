"""Web sessions: the browsers that are logged in. Only digests of their cookies are kept."""

from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, or_, select, update

from duetime.core.logins import WebSession
from duetime.core.sanitising import clean_text
from duetime.store.access_tables import web_sessions

_LONGEST_AGENT = 300
_LONGEST_ADDRESS = 100


class WebSessionTable:
    """Web sessions by the digest of their cookie."""

    def __init__(self, connection: Connection, *, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def open(
        self, token_hash: bytes, *, login_id: int, csrf_token: str, life: timedelta, address: str = "", agent: str = ""
    ) -> WebSession:
        """Open a session.

        Args:
            token_hash: the SHA-256 of its cookie.
            login_id: whose it is.
            csrf_token: what its forms send back.
            life: how long it lives at most.
            address: where it is opened from.
            agent: the browser, as it calls itself.
        """
        session = WebSession(
            token_hash=token_hash,
            login_id=login_id,
            csrf_token=csrf_token,
            created_at=self._now,
            seen_at=self._now,
            expires_at=self._now + life,
            address=clean_text(address)[:_LONGEST_ADDRESS],
            agent=clean_text(agent)[:_LONGEST_AGENT],
        )
        self._connection.execute(insert(web_sessions).values(**asdict(session)))
        return session

    def find(self, token_hash: bytes) -> WebSession | None:
        """Return the session of a cookie with this digest, expired ones too, or None."""
        row = self._connection.execute(
            select(web_sessions).where(web_sessions.c.token_hash == token_hash)
        ).one_or_none()
        return None if row is None else WebSession(**row._asdict())

    def of_login(self, login_id: int, *, idle: timedelta) -> list[WebSession]:
        """Return the sessions of a login that are live, the last used one first."""
        statement = (
            select(web_sessions)
            .where(
                web_sessions.c.login_id == login_id,
                web_sessions.c.expires_at > self._now,
                web_sessions.c.seen_at > self._now - idle,
            )
            .order_by(web_sessions.c.seen_at.desc(), web_sessions.c.token_hash)
        )
        return [WebSession(**row._asdict()) for row in self._connection.execute(statement)]

    def touch(self, token_hash: bytes) -> None:
        """Note that a session is used now."""
        self._connection.execute(
            update(web_sessions).where(web_sessions.c.token_hash == token_hash).values(seen_at=self._now)
        )

    def revoke(self, token_hash: bytes) -> bool:
        """End a session; return whether there was one."""
        statement = delete(web_sessions).where(web_sessions.c.token_hash == token_hash)
        return self._connection.execute(statement).rowcount > 0

    def revoke_all(self, login_id: int, *, but: bytes | None = None) -> int:
        """End the sessions of a login, all or all but one; return how many."""
        statement = delete(web_sessions).where(web_sessions.c.login_id == login_id)
        if but is not None:
            statement = statement.where(web_sessions.c.token_hash != but)
        return self._connection.execute(statement).rowcount

    def prune(self, *, idle: timedelta) -> int:
        """Delete the sessions that let nobody in any more; return how many."""
        statement = delete(web_sessions).where(
            or_(web_sessions.c.expires_at <= self._now, web_sessions.c.seen_at <= self._now - idle)
        )
        return self._connection.execute(statement).rowcount
