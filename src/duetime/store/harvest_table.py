"""How far the harvests of each part have come."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, select, update

from duetime.core.harvests import HarvestPart, PartId
from duetime.core.sanitising import clean_text
from duetime.store.cloud_tables import harvest_parts
from duetime.store.upsert import upsert

_LONGEST_ERROR = 1000
_TICK = timedelta(microseconds=1)


class HarvestTable:
    """The parts that were ever begun."""

    def __init__(self, connection: Connection, *, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def of_account(self, account: str) -> dict[PartId, HarvestPart]:
        """Return the parts of an account, by id."""
        mine = select(harvest_parts).where(harvest_parts.c.account == account)
        return {part.part: part for part in map(_part_of, self._connection.execute(mine))}

    def begin(self, account: str, parts: Sequence[PartId]) -> list[HarvestPart]:
        """Begin to read parts of one account; return them as they stand now.

        Whoever still reads one of them writes nothing any more: see `hold`. A beginning is later than the one before
        it, even where the clock was put back.
        """
        known = self.of_account(account)
        begun: list[HarvestPart] = []
        for part in sorted(set(parts)):
            last = known.get(part)
            moment = self._now if last is None else max(self._now, last.begun_at + _TICK)
            begun.append(HarvestPart(part, moment, last.completed_at if last else None, last.seen if last else 0))
        rows = [{**part.part._asdict(), "begun_at": part.begun_at, "error": ""} for part in begun]
        upsert(self._connection, harvest_parts, rows)
        return begun

    def hold(self, parts: Iterable[HarvestPart]) -> set[PartId]:
        """Lock parts until the transaction ends; return those that nobody else has begun to read meanwhile."""
        held: set[PartId] = set()
        for part in sorted(parts, key=lambda each: each.part):
            row = self._connection.execute(
                select(harvest_parts.c.begun_at).where(*_is(part.part)).with_for_update()
            ).one_or_none()
            if row is not None and row.begun_at == part.begun_at:
                held.add(part.part)
        return held

    def complete(self, part: HarvestPart, *, seen: int) -> None:
        """Say that a reading came to its end. The caller holds the part."""
        # Never before its beginning, which may lie ahead of a clock that was put back.
        values = {"completed_at": max(self._now, part.begun_at), "seen": seen, "error": ""}
        self._connection.execute(update(harvest_parts).where(*_is(part.part)).values(**values))

    def fail(self, part: HarvestPart, *, error: str) -> None:
        """Say why a reading did not come to its end. The caller holds the part."""
        text = clean_text(error)[:_LONGEST_ERROR]
        self._connection.execute(update(harvest_parts).where(*_is(part.part)).values(error=text))

    def forget(self, account: str) -> None:
        """Delete the parts of an account."""
        self._connection.execute(delete(harvest_parts).where(harvest_parts.c.account == account))


def _is(part: PartId) -> tuple[ColumnElement[bool], ...]:
    return (
        harvest_parts.c.account == part.account,
        harvest_parts.c.region == part.region,
        harvest_parts.c.resource_type == part.resource_type,
    )


def _part_of(row: Row[Any]) -> HarvestPart:
    part = PartId(row.account, row.region, row.resource_type)
    return HarvestPart(part, row.begun_at, row.completed_at, row.seen, row.error)
