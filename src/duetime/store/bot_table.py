"""Bots by name, with every version that each has had."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from duetime.core.bots import Bot, BotDefinition, BotStatus, BotVersion
from duetime.core.errors import Conflict, UnknownName, nearest
from duetime.store.rows import bot_of, definition_of, definition_text
from duetime.store.tables import bot_versions, bots
from duetime.store.upsert import insert_if_absent

_IDS_PER_QUERY = 500


class BotTable:
    """The bots that there are."""

    def __init__(self, connection: Connection, *, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def save(self, definition: BotDefinition, *, created_by: str = "") -> tuple[Bot, bool]:
        """Insert a bot, or give it a new version when its definition differs; return it and whether it changed.

        Args:
            definition: what it is to be.
            created_by: who says so; kept with the version.

        Raises:
            Conflict: the bot of that name is archived, which is final.
        """
        body = definition_text(definition)
        mine = select(bots).where(bots.c.name == definition.name).with_for_update()
        row = self._connection.execute(mine).one_or_none()
        if row is None:
            new = {"name": definition.name, "definition": body, "created_at": self._now, "changed_at": self._now}
            if insert_if_absent(self._connection, bots, new):
                bot = self.by_name(definition.name)
                self._add_version(bot.bot_id, bot.version, body, created_by)
                return bot, True
            row = self._connection.execute(mine).one()
        if row.status == BotStatus.ARCHIVED:
            message = f"Bot {definition.name!r} is archived, which is final. Give the new bot another name."
            raise Conflict(message)
        if row.definition == body:
            return bot_of(row), False
        self._connection.execute(
            update(bots)
            .where(bots.c.bot_id == row.bot_id)
            .values(definition=body, version=row.version + 1, changed_at=self._now)
        )
        self._add_version(row.bot_id, row.version + 1, body, created_by)
        return self.by_name(definition.name), True

    def versions(self, name: str) -> list[BotVersion]:
        """Return every version of a bot, oldest first.

        Raises:
            UnknownName: there is no such bot.
        """
        bot = self.by_name(name)
        query = select(bot_versions).where(bot_versions.c.bot_id == bot.bot_id).order_by(bot_versions.c.version)
        return [_version_of(row, name=bot.name) for row in self._connection.execute(query)]

    def version(self, name: str, version: int) -> BotVersion:
        """Return one version of a bot.

        Raises:
            UnknownName: there is no such bot, or it has no such version.
        """
        bot = self.by_name(name)
        query = select(bot_versions).where(bot_versions.c.bot_id == bot.bot_id, bot_versions.c.version == version)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise UnknownName(f"bot {name!r} with version", version)
        return _version_of(row, name=bot.name)

    def set_status(self, bot_id: int, status: BotStatus) -> None:
        """Move a bot to `status`."""
        self._connection.execute(
            update(bots).where(bots.c.bot_id == bot_id).values(status=status.value, changed_at=self._now)
        )

    def by_id(self, bot_id: int) -> Bot | None:
        """Return a bot, or None."""
        row = self._connection.execute(select(bots).where(bots.c.bot_id == bot_id)).one_or_none()
        return None if row is None else bot_of(row)

    def by_ids(self, bot_ids: Collection[int]) -> Mapping[int, Bot]:
        """Return the bots with these numbers, by number; those that are not there are left out."""
        wanted = sorted(set(bot_ids))
        found: dict[int, Bot] = {}
        for first in range(0, len(wanted), _IDS_PER_QUERY):
            part = wanted[first : first + _IDS_PER_QUERY]
            found |= {
                row.bot_id: bot_of(row) for row in self._connection.execute(select(bots).where(bots.c.bot_id.in_(part)))
            }
        return found

    def by_name(self, name: str) -> Bot:
        """Return a bot.

        Raises:
            UnknownName: there is none of that name.
        """
        row = self._connection.execute(select(bots).where(bots.c.name == name)).one_or_none()
        if row is None:
            raise UnknownName("bot", name, near=nearest(name, [bot.name for bot in self.all()]))
        return bot_of(row)

    def find(self, name: str) -> Bot | None:
        """Return a bot, or None."""
        row = self._connection.execute(select(bots).where(bots.c.name == name)).one_or_none()
        return None if row is None else bot_of(row)

    def locked(self, name: str) -> Bot | None:
        """Return a bot that nobody else changes before the transaction ends, or None."""
        row = self._connection.execute(select(bots).where(bots.c.name == name).with_for_update()).one_or_none()
        return None if row is None else bot_of(row)

    def all(self) -> list[Bot]:
        """Return every bot, by name."""
        return [bot_of(row) for row in self._connection.execute(select(bots).order_by(bots.c.name))]

    def _add_version(self, bot_id: int, version: int, body: str, created_by: str) -> None:
        self._connection.execute(
            insert(bot_versions).values(
                bot_id=bot_id, version=version, definition=body, created_at=self._now, created_by=created_by
            )
        )


def _version_of(row: Row[Any], *, name: str) -> BotVersion:
    return BotVersion(
        bot_id=row.bot_id,
        version=row.version,
        definition=definition_of(name, json.loads(row.definition)),
        created_at=row.created_at,
        created_by=row.created_by,
    )
