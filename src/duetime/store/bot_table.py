"""Bots by name."""

from datetime import datetime

from sqlalchemy import Connection, select, update

from duetime.core.bots import Bot, BotDefinition, BotStatus
from duetime.core.errors import Conflict, UnknownName, nearest
from duetime.store.rows import bot_of, definition_text
from duetime.store.tables import bots
from duetime.store.upsert import insert_if_absent


class BotTable:
    """The bots that there are."""

    def __init__(self, connection: Connection, *, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def save(self, definition: BotDefinition) -> tuple[Bot, bool]:
        """Insert a bot, or give it a new version when its definition differs; return it and whether it changed.

        Raises:
            Conflict: the bot of that name is archived, which is final.
        """
        body = definition_text(definition)
        mine = select(bots).where(bots.c.name == definition.name).with_for_update()
        row = self._connection.execute(mine).one_or_none()
        if row is None:
            new = {"name": definition.name, "definition": body, "created_at": self._now, "changed_at": self._now}
            if insert_if_absent(self._connection, bots, new):
                return self.by_name(definition.name), True
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
        return self.by_name(definition.name), True

    def set_status(self, bot_id: int, status: BotStatus) -> None:
        """Move a bot to `status`."""
        self._connection.execute(
            update(bots).where(bots.c.bot_id == bot_id).values(status=status.value, changed_at=self._now)
        )

    def by_id(self, bot_id: int) -> Bot | None:
        """Return a bot, or None."""
        row = self._connection.execute(select(bots).where(bots.c.bot_id == bot_id)).one_or_none()
        return None if row is None else bot_of(row)

    def by_name(self, name: str) -> Bot:
        """Return a bot.

        Raises:
            UnknownName: there is none of that name.
        """
        row = self._connection.execute(select(bots).where(bots.c.name == name)).one_or_none()
        if row is None:
            raise UnknownName("bot", name, near=nearest(name, [bot.name for bot in self.all()]))
        return bot_of(row)

    def all(self) -> list[Bot]:
        """Return every bot, by name."""
        return [bot_of(row) for row in self._connection.execute(select(bots).order_by(bots.c.name))]
