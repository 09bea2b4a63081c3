"""Who may see and do what: features, roles, grants and the accounts that they reach."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Feature(StrEnum):
    """A part of duetime that a grant opens."""

    EVENTS = "events"
    """Scheduled events, what is upcoming, and the verbs that steer them."""
    HISTORY = "history"
    """Runs, their statistics and exports."""
    BOTS = "bots"
    """Bots, their versions and plans; filters and actions."""
    RESOURCES = "resources"
    """The inventory and resource groups."""
    ACCOUNTS = "accounts"
    """Cloud accounts and their harvests."""
    PLUGINS = "plugins"
    """Plugins and event types."""
    SYSTEM = "system"
    """Workers, lag, the database, API budgets."""
    AUDIT = "audit"
    """The audit trail."""
    ACCESS = "access"
    """Logins, access groups and other people's API keys."""


class Role(IntEnum):
    """How much of a feature is open; each role holds those below it."""

    VIEWER = 1
    """Sees it."""
    EDITOR = 2
    """Changes it."""
    ADMIN = 3
    """Does what cannot be taken back, or changes it for everybody."""

    @property
    def word(self) -> str:
        """The role as documents, forms and the API write it."""
        return self.name.lower()

    @classmethod
    def from_word(cls, word: str) -> "Role":
        """Read a role as documents write it.

        Raises:
            ValueError: there is no such role.
        """
        for role in cls:
            if role.word == word:
                return role
        message = f"a role is one of {', '.join(role.word for role in cls)}, not {word!r}"
        raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Reach:
    """The accounts in which something is allowed.

    Attributes:
        accounts: which; None = all of them, and what belongs to no account.
    """

    accounts: frozenset[str] | None

    @property
    def is_everywhere(self) -> bool:
        return self.accounts is None

    @property
    def is_nowhere(self) -> bool:
        return self.accounts is not None and not self.accounts

    def covers(self, account: str | None) -> bool:
        """Return whether an account is reached; what belongs to no account is reached only from everywhere."""
        return self.accounts is None or account in self.accounts


EVERYWHERE = Reach(None)
NOWHERE = Reach(frozenset())


@dataclass(frozen=True, slots=True)
class Grant:
    """What one access group opens.

    Attributes:
        feature: which part; None = every part.
        role: how much of it.
        accounts: in which accounts; None = in all of them.
        payloads: whether arguments of events, results of runs and raw data of resources are shown.
    """

    feature: Feature | None
    role: Role
    accounts: frozenset[str] | None = None
    payloads: bool = False

    def opens(self, feature: Feature, role: Role) -> bool:
        return self.role >= role and self.feature in (None, feature)


@dataclass(frozen=True, slots=True)
class Grants:
    """All that somebody is granted; several grants add up, so the most permissive one counts."""

    grants: tuple[Grant, ...] = ()

    def reach(self, feature: Feature, role: Role) -> Reach:
        """Return in which accounts somebody has at least this role of a feature."""
        return _union(grant.accounts for grant in self.grants if grant.opens(feature, role))

    def payload_reach(self, feature: Feature) -> Reach:
        """Return in which accounts somebody may see a feature's payloads."""
        return _union(grant.accounts for grant in self.grants if grant.payloads and grant.opens(feature, Role.VIEWER))

    def within(self, limits: "Grants") -> "Grants":
        """Return what both grant: an API key opens no more than its owner may."""
        return Grants(
            tuple(_both(mine, theirs) for mine in self.grants for theirs in limits.grants if _meet(mine, theirs))
        )


EVERYTHING = Grants((Grant(None, Role.ADMIN, None, payloads=True),))
"""What an administrator of all is granted."""


def _union(reached: Iterable[frozenset[str] | None]) -> Reach:
    accounts: set[str] = set()
    for each in reached:
        if each is None:
            return EVERYWHERE
        accounts |= each
    return Reach(frozenset(accounts))


def _meet(one: Grant, other: Grant) -> bool:
    return one.feature is None or other.feature is None or one.feature is other.feature


def _both(one: Grant, other: Grant) -> Grant:
    return Grant(
        feature=one.feature if other.feature is None else other.feature,
        role=min(one.role, other.role),
        accounts=_common(one.accounts, other.accounts),
        payloads=one.payloads and other.payloads,
    )


def _common(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None:
        return other
    return one if other is None else one & other
