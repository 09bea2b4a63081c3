"""How an AWS account is reached: its settings, read and judged before any call."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from duetime.core.errors import InvalidSetting, nearest
from duetime.core.resources import Account

_LOOPBACK = re.compile(r"https?://(127(\.\d{1,3}){3}|\[::1\]|localhost)(:\d{1,5})?([/?#]|$)", re.IGNORECASE)
# One strict form of text instead of a URL parser: two parsers can disagree about a crooked URL, and the HTTP client's
# opinion is the one that counts.
_SECRET = re.compile(r"secret|password|token|access_?key", re.IGNORECASE)


def is_loopback(url: str) -> bool:
    """Return whether a URL plainly names this machine."""
    return _LOOPBACK.match(url) is not None


def refuse_beyond_loopback(url: str) -> None:
    """Refuse a URL that leaves this machine.

    Raises:
        InvalidSetting: it does.
    """
    if not is_loopback(url):
        raise InvalidSetting("endpoint_url", f"only an endpoint on loopback is allowed here, not {url!r}")


@dataclass(frozen=True, slots=True)
class Access:
    """The settings of one AWS account.

    Attributes:
        profile: the profile of the AWS configuration whose credentials are used; None = the SDK's usual search.
        endpoint_url: the endpoint of every service, STS included; None = AWS itself.
        role_arn: a role to take on with those credentials.
        external_id: what the role's trust policy asks for.
        dummy_credentials: use made-up credentials and read no profile, environment or instance metadata; only for a
            simulated AWS on loopback.
    """

    profile: str | None = None
    endpoint_url: str | None = None
    role_arn: str | None = None
    external_id: str | None = None
    dummy_credentials: bool = False

    @classmethod
    def of(cls, account: Account, *, loopback_only: bool = False) -> Self:
        """Read an account's settings.

        Args:
            account: the account.
            loopback_only: refuse whatever could leave this machine.

        Raises:
            InvalidSetting: one is unknown, does not fit the others, or holds a secret.
        """
        access = cls(**_checked(account.settings))
        if access.external_id and not access.role_arn:
            raise InvalidSetting("external_id", "it belongs to a role; add role_arn")
        if access.dummy_credentials and access.profile:
            raise InvalidSetting("profile", "dummy_credentials ignore profiles; leave one of the two out")
        if access.dummy_credentials or loopback_only:
            refuse_beyond_loopback(access.endpoint_url or "")
        if loopback_only and not access.dummy_credentials:
            raise InvalidSetting("dummy_credentials", "real credentials are not used here; set it to true")
        return access


def _checked(settings: Mapping[str, Any]) -> dict[str, Any]:
    known = {field.name: field.type for field in fields(Access)}
    for name, value in settings.items():
        if name not in known and _SECRET.search(name):
            raise InvalidSetting(name, "secrets are not kept in the database; put them into an AWS profile and name it")
        if name not in known:
            raise InvalidSetting(name, "AWS accounts have no such setting", near=nearest(name, known))
        wanted: type = bool if name == "dummy_credentials" else str
        if value is not None and not isinstance(value, wanted):
            raise InvalidSetting(name, f"it must be {'true or false' if wanted is bool else 'text'}, not {value!r}")
    return {name: value for name, value in settings.items() if value is not None}
