"""The cookies of the web."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from starlette.requests import Request
from starlette.responses import Response

from duetime.web.web_settings import WebSettings

SESSION = "duetime_session"
DEVICE = "duetime_device"
PENDING = "duetime_pending"


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie for this server alone, which no script reads and no other site's form brings along.

    By TLS its name begins with `__Host-`: browsers then take it only from this very host, by TLS, for all paths.
    """

    name: str
    is_secure: bool

    @classmethod
    def of(cls, name: str, settings: WebSettings) -> Self:
        """Return the cookie of this name as the settings want it."""
        return cls(f"__Host-{name}" if settings.is_secure else name, settings.is_secure)

    def read(self, request: Request) -> str | None:
        """Return what a request brings, or None."""
        return request.cookies.get(self.name)

    def set(self, response: Response, value: str, *, life: timedelta) -> None:
        """Have the browser keep a value."""
        response.set_cookie(
            self.name,
            value,
            max_age=int(life.total_seconds()),
            path="/",
            secure=self.is_secure,
            httponly=True,
            samesite="lax",
        )

    def clear(self, response: Response) -> None:
        """Have the browser forget it."""
        response.delete_cookie(self.name, path="/", secure=self.is_secure, httponly=True, samesite="lax")
