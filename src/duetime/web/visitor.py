"""Who makes a request, and what is open to them."""

from dataclasses import dataclass, field
from enum import StrEnum

from duetime.core.access import Feature, Grants, Reach, Role


class CameBy(StrEnum):
    """What a request proved itself with."""

    SESSION = "session"
    """A cookie: other sites can make a browser send it, so that changes need a token too."""
    API_KEY = "api_key"
    """A header that no other site can make a browser send."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody who was let in.

    Attributes:
        login: the name that they log in with.
        login_id: the number of that login.
        user_resource_id: the user that events they schedule act for; None = nobody in particular.
        csrf_token: what forms must send back; None when they came by an API key.
        must_change: whether nothing is open to them before they choose another password.
        key_prefix: the first characters of the API key that they came by.
    """

    login: str
    login_id: int
    grants: Grants = field(default_factory=Grants)
    came_by: CameBy = CameBy.SESSION
    name: str = ""
    user_resource_id: str | None = None
    csrf_token: str | None = None
    must_change: bool = False
    key_prefix: str | None = None

    @property
    def actor(self) -> str:
        """How the audit trail names them."""
        return f"web:{self.login}" if self.key_prefix is None else f"api:{self.login}/{self.key_prefix}"

    def reach(self, feature: Feature, role: Role = Role.VIEWER) -> Reach:
        """Return in which accounts they have at least this role of a feature."""
        return self.grants.reach(feature, role)

    def may(self, feature: Feature, role: Role = Role.VIEWER) -> bool:
        """Return whether they have at least this role of a feature in any account."""
        return not self.reach(feature, role).is_nowhere

    def sees_payloads(self, feature: Feature, account: str | None) -> bool:
        """Return whether they may see arguments, results and raw data of something in an account."""
        return self.grants.payload_reach(feature).covers(account)
