"""API keys. Only digests of them are kept."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from duetime.core.access import Grants
from duetime.core.errors import UnknownName
from duetime.core.grant_documents import read_grants, write_grants
from duetime.core.logins import ApiKey
from duetime.core.sanitising import clean_text
from duetime.store.access_tables import api_keys
from duetime.store.page import Page

_LONGEST_NAME = 200


class ApiKeyTable:
    """API keys by their number and by their digest."""

    def __init__(self, connection: Connection, *, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def add(
        self,
        key_hash: bytes,
        *,
        login_id: int,
        prefix: str,
        grants: Grants,
        name: str = "",
        expires_at: datetime | None = None,
    ) -> ApiKey:
        """Add a key.

        Args:
            key_hash: the SHA-256 of the whole key.
            login_id: whom it acts for.
            prefix: the part of it that may be shown.
            grants: what it opens at most.
            name: what it is for.
            expires_at: when it ends; None = never.
        """
        statement = (
            insert(api_keys)
            .values(
                login_id=login_id,
                name=" ".join(clean_text(name).split())[:_LONGEST_NAME],
                prefix=prefix,
                key_hash=key_hash,
                grants=json.dumps(write_grants(grants), separators=(",", ":")),
                created_at=self._now,
                expires_at=expires_at,
            )
            .returning(*api_keys.c)
        )
        return _key_of(self._connection.execute(statement).one())

    def find(self, key_hash: bytes) -> ApiKey | None:
        """Return the key with this digest, revoked and expired ones too, or None."""
        row = self._connection.execute(select(api_keys).where(api_keys.c.key_hash == key_hash)).one_or_none()
        return None if row is None else _key_of(row)

    def get(self, key_id: int) -> ApiKey:
        """Return the key with this number.

        Raises:
            UnknownName: there is none.
        """
        row = self._connection.execute(select(api_keys).where(api_keys.c.key_id == key_id)).one_or_none()
        if row is None:
            raise UnknownName("API key", key_id)
        return _key_of(row)

    def page(self, *, login_id: int | None = None, before: int | None = None, most: int = 100) -> Page[ApiKey, int]:
        """Return keys, the newest first, of one login or of all; the page after it has `before` = its `next`."""
        statement = select(api_keys).order_by(api_keys.c.key_id.desc()).limit(most + 1)
        if login_id is not None:
            statement = statement.where(api_keys.c.login_id == login_id)
        if before is not None:
            statement = statement.where(api_keys.c.key_id < before)
        found = [_key_of(row) for row in self._connection.execute(statement)]
        shown = tuple(found[:most])
        return Page(shown, next=shown[-1].key_id if len(found) > len(shown) else None)

    def live_of(self, login_id: int) -> tuple[ApiKey, ...]:
        """Return the keys of a login that let somebody in, the newest first: however many it has had before."""
        statement = select(api_keys).where(
            api_keys.c.login_id == login_id,
            api_keys.c.revoked_at.is_(None),
            api_keys.c.expires_at.is_(None) | (api_keys.c.expires_at > self._now),
        )
        return tuple(_key_of(row) for row in self._connection.execute(statement.order_by(api_keys.c.key_id.desc())))

    def note_used(self, key_id: int) -> None:
        """Note that a key is used now."""
        self._connection.execute(update(api_keys).where(api_keys.c.key_id == key_id).values(used_at=self._now))

    def revoke(self, key_id: int) -> bool:
        """Take a key back for good; return whether it was not before."""
        statement = update(api_keys).where(api_keys.c.key_id == key_id, api_keys.c.revoked_at.is_(None))
        return self._connection.execute(statement.values(revoked_at=self._now)).rowcount > 0

    def revoke_all(self, login_id: int) -> int:
        """Take back every key of a login; return how many."""
        statement = update(api_keys).where(api_keys.c.login_id == login_id, api_keys.c.revoked_at.is_(None))
        return self._connection.execute(statement.values(revoked_at=self._now)).rowcount


def _key_of(row: Row[Any]) -> ApiKey:
    return ApiKey(
        key_id=row.key_id,
        login_id=row.login_id,
        name=row.name,
        prefix=row.prefix,
        grants=read_grants(json.loads(row.grants)),
        created_at=row.created_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
        revoked_at=row.revoked_at,
    )
