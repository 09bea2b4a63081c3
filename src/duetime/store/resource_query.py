"""Which resources a list of the inventory shows."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_

from duetime.store.cloud_tables import resources


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceQuery:
    """Which resources to list; an absent part means all.

    Attributes:
        accounts: only resources of these accounts.
        account: only resources of this account.
        text: a part of the resource id, the name or a tag.
        gone: whether those that are gone are listed too.
        after_id: only resources whose id follows this one: the last one of the page before.
    """

    accounts: frozenset[str] | None = None
    account: str | None = None
    region: str | None = None
    resource_type: str | None = None
    state: str | None = None
    text: str | None = None
    gone: bool = False
    after_id: str | None = None
    most: int = 100

    def bounds(self) -> list[ColumnElement[bool]]:
        """Return where the list begins: what the primary key answers."""
        return [] if self.after_id is None else [resources.c.resource_id > self.after_id]

    def filters(self) -> list[ColumnElement[bool]]:
        """Return what is asked of each resource."""
        clauses: list[ColumnElement[bool]] = [] if self.gone else [resources.c.gone_at.is_(None)]
        if self.accounts is not None:
            clauses.append(resources.c.account.in_(sorted(self.accounts)))
        given = {
            "account": self.account,
            "region": self.region,
            "resource_type": self.resource_type,
            "state": self.state,
        }
        clauses += [resources.c[name] == value for name, value in given.items() if value is not None]
        if self.text:
            columns = (resources.c.resource_id, resources.c.name, resources.c.tags)
            clauses.append(or_(*(column.icontains(self.text, autoescape=True) for column in columns)))
        return clauses
