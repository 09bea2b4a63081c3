"""Grants as the rows of a form, both ways: browsers without scripts add rows by saving."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Self

from fastapi import Form

from duetime.core.access import Feature, Grant, Grants, Role
from duetime.core.errors import Invalid
from duetime.core.grant_documents import EVERY, read_grants
from duetime.web.parameters import PlainText

EMPTY_ROWS = 2
_Typed = Annotated[list[PlainText] | None, Form()]


@dataclass(frozen=True, slots=True)
class GrantRow:
    """One row.

    Attributes:
        feature: `*` for all of them; empty for a row that says nothing.
        accounts: names, separated by commas; empty = all.
        payloads: `yes`, or empty.
    """

    feature: str = ""
    role: str = Role.VIEWER.word
    accounts: str = ""
    payloads: str = ""

    @classmethod
    def of(cls, grant: Grant) -> Self:
        """Return a grant's row."""
        return cls(
            feature=EVERY if grant.feature is None else grant.feature.value,
            role=grant.role.word,
            accounts=", ".join(sorted(grant.accounts or ())),
            payloads="yes" if grant.payloads else "",
        )


@dataclass(frozen=True, slots=True)
class WrittenGrants:
    """The rows as a form sends them: each field once for every row."""

    feature: _Typed = None
    role: _Typed = None
    accounts: _Typed = None
    payloads: _Typed = None

    @property
    def rows(self) -> tuple[GrantRow, ...]:
        """What was typed, row by row.

        Raises:
            Invalid: the form was cut off, or comes from elsewhere.
        """
        columns = [column or [] for column in (self.feature, self.role, self.accounts, self.payloads)]
        if len({len(column) for column in columns}) > 1:
            message = "The form was not sent whole. Load the page again and repeat the change."
            raise Invalid(message)
        return tuple(GrantRow(*row) for row in zip(*columns, strict=True))

    @property
    def grants(self) -> Grants:
        """What the rows say; those without a feature are left out.

        Raises:
            Invalid: a row cannot be read; the message says which one.
        """
        return read_grants(
            [
                {
                    "feature": row.feature,
                    "role": row.role,
                    "accounts": [name.strip() for name in row.accounts.split(",") if name.strip()] or EVERY,
                    "payloads": bool(row.payloads),
                }
                for row in self.rows
                if row.feature
            ]
        )


def rows_of(grants: Grants) -> tuple[GrantRow, ...]:
    """Return the rows of grants, and some that are empty."""
    return with_empty_rows([GrantRow.of(grant) for grant in grants.grants])


def with_empty_rows(rows: Sequence[GrantRow]) -> tuple[GrantRow, ...]:
    """Return the rows that say something, and some that are empty."""
    return (*(row for row in rows if row.feature), *([GrantRow()] * EMPTY_ROWS))


FEATURES = ((EVERY, "everything"), *((feature.value, feature.value) for feature in Feature))
"""What a row may be about, with what the form calls it."""
ROLES = tuple(role.word for role in Role)
