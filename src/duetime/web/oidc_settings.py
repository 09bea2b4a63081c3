"""What logging in by OpenID Connect works by."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from duetime.core.destinations import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSettings:
    """An identity provider that people may log in by.

    Attributes:
        issuer: its address, exactly as it names itself; `/.well-known/openid-configuration` below it says the rest.
        client_id: what it calls duetime.
        client_secret: what it gave duetime; None = a public client, protected by PKCE alone.
        title: what people call it, for the button.
        scopes: what it is asked for.
        group_claim: the claim that names somebody's groups there.
        groups: from such a group to an access group; what is not named here opens nothing. Whoever logs in is put
            into those access groups and taken out of the others that stand here; other access groups are left alone.
        auto_create: whether somebody whom the provider knows and duetime does not gets a login.
    """

    issuer: str
    client_id: str
    client_secret: Secret | None = None
    title: str = "the identity provider"
    scopes: str = "openid profile email"
    group_claim: str = "groups"
    groups: Mapping[str, str] = field(default_factory=dict)
    auto_create: bool = False
