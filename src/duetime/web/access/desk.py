"""What logging in works with: one per server."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Self

from fastapi import Depends, Request
from starlette.responses import Response

from duetime.app.app import App
from duetime.web.access.attempts import DEVICE_LIFE
from duetime.web.access.cookies import DEVICE, PENDING, SESSION, Cookie
from duetime.web.access.password_login import PasswordLogin
from duetime.web.access.passwords import Passwords
from duetime.web.web_settings import WebSettings

if TYPE_CHECKING:
    from duetime.web.access.identity_login import IdentityLogin
    from duetime.web.access.identity_provider import IdentityProvider


@dataclass(frozen=True, slots=True)
class Identities:
    """How people log in by OpenID Connect."""

    provider: "IdentityProvider"
    login: "IdentityLogin"


@dataclass(frozen=True, slots=True)
class Desk:
    """At `app.state.desk`.

    Attributes:
        session: the cookie of a session.
        device: the cookie by which a browser is known that has logged in before.
        pending: the cookie of a visit to the identity provider that has begun.
        identities: None = people log in by password alone.
    """

    settings: WebSettings
    passwords: Passwords
    by_password: PasswordLogin
    session: Cookie
    device: Cookie
    pending: Cookie
    identities: Identities | None

    @classmethod
    def of(cls, app: App, settings: WebSettings, *, passwords: Passwords | None = None) -> Self:
        """Return the desk of a server.

        Args:
            app: the app that it serves.
            settings: how it works.
            passwords: how passwords are kept; None = as argon2-cffi recommends.
        """
        kept = passwords or Passwords()
        return cls(
            settings=settings,
            passwords=kept,
            by_password=PasswordLogin(app.store, settings=settings, passwords=kept),
            session=Cookie.of(SESSION, settings),
            device=Cookie.of(DEVICE, settings),
            pending=Cookie.of(PENDING, settings),
            identities=_identities(app, settings),
        )

    def let_in(self, response: Response, token: str, *, device: str | None = None) -> None:
        """Have the browser keep the cookie of a new session, and one by which it is known again."""
        self.session.set(response, token, life=self.settings.session_life)
        if device is not None:
            self.device.set(response, device, life=DEVICE_LIFE)


def _identities(app: App, settings: WebSettings) -> Identities | None:
    if settings.oidc is None:
        return None
    # Its libraries are an extra, which servers without a provider need not have.
    from duetime.web.access.identity_login import IdentityLogin  # noqa: PLC0415
    from duetime.web.access.identity_provider import IdentityProvider  # noqa: PLC0415

    return Identities(IdentityProvider(settings.oidc), IdentityLogin(app.store, settings=settings, oidc=settings.oidc))


def _desk(request: Request) -> Desk:
    found: Desk = request.app.state.desk
    return found


CurrentDesk = Annotated[Desk, Depends(_desk)]
"""A parameter of handlers."""
