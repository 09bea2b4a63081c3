"""Who may log in, what they come in by, and the groups that say what is open to them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from duetime.core.access import Feature, Grants, Role


class LoginStatus(StrEnum):
    """Whether somebody may come in."""

    ACTIVE = "active"
    """By password, OpenID Connect, session and API key."""
    DISABLED = "disabled"
    """Not at all; what was done under the login stays in the audit trail by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Somebody who may log in. Not a user: users are whom bots act for, and a login may name one.

    Attributes:
        login: the name that they log in with, in lower case.
        user_resource_id: the user that events they schedule act for; None = nobody in particular.
        password_hash: argon2id, as its own text form; None = no password fits.
        must_change: whether the password was set by somebody else, so that another one must be chosen first.
        oidc_issuer: the provider that vouches for them; None = none does.
        oidc_subject: what the provider calls them.
        seen_at: when they last logged in.
    """

    login_id: int
    login: str
    name: str = ""
    user_resource_id: str | None = None
    status: LoginStatus = LoginStatus.ACTIVE
    password_hash: str | None = field(default=None, repr=False)
    must_change: bool = False
    oidc_issuer: str | None = None
    oidc_subject: str | None = None
    created_at: datetime
    changed_at: datetime
    seen_at: datetime | None = None

    @property
    def can_come_in(self) -> bool:
        """Whether there is any way by which they could log in."""
        return self.status is LoginStatus.ACTIVE and (self.password_hash is not None or self.oidc_subject is not None)


@dataclass(frozen=True, slots=True)
class AccessGroup:
    """What is open to its members, who are logins."""

    name: str
    description: str
    grants: Grants
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class WebSession:
    """One browser that is logged in.

    Attributes:
        token_hash: the SHA-256 of the cookie; the cookie itself is kept nowhere.
        csrf_token: what forms of this session send back.
        seen_at: its last request, to the minute.
        expires_at: when it ends, whatever happens.
        address: where it was opened from.
        agent: the browser, as it called itself.
    """

    token_hash: bytes = field(repr=False)
    login_id: int
    csrf_token: str = field(repr=False)
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str
    agent: str

    @property
    def session_id(self) -> str:
        """A name that tells it from others and opens nothing."""
        return self.token_hash.hex()[:24]

    def is_live(self, *, now: datetime, idle: timedelta) -> bool:
        """Return whether it still lets anybody in: it is not too old and was used within `idle`."""
        return now < self.expires_at and now < self.seen_at + idle


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key for programs, which acts for its login.

    Attributes:
        prefix: the part of the key that names it and opens nothing.
        grants: what it opens at most; its login's own grants limit it further, at each request.
        expires_at: when it ends; None = never.
        used_at: its last request, to the minute; None = never used.
        revoked_at: when it was taken back; None = it was not.
    """

    key_id: int
    login_id: int
    name: str
    prefix: str
    grants: Grants
    created_at: datetime
    expires_at: datetime | None = None
    used_at: datetime | None = None
    revoked_at: datetime | None = None

    def is_live(self, *, now: datetime) -> bool:
        """Return whether it lets anybody in."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class Attempts:
    """The failed attempts to log in of one login, address or browser.

    Attributes:
        who: which: `address:192.0.2.7`, or `login:` and `device:` with digests of what was typed or sent.
        blocked_until: until when no further attempt is looked at; None = it is at once.
    """

    who: str
    failures: int
    failed_at: datetime
    blocked_until: datetime | None


def administers_access(grants: Grants) -> bool:
    """Return whether somebody with these grants may say what is open to whom."""
    return grants.reach(Feature.ACCESS, Role.ADMIN).is_everywhere
