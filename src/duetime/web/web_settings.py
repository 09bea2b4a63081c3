"""What the web works by."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from duetime.web.oidc_settings import OidcSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """The part of the settings that the web works by.

    Attributes:
        host: the address to listen on.
        port: the port; 0 = one that is free.
        url: how people reach it, such as `https://duetime.example.org`, when that is not the address itself: behind a
            proxy. Its scheme decides whether cookies are for TLS alone.
        tls_certificate: a PEM file; None = no TLS here.
        tls_key: its key.
        allow_plain_public: whether to listen on a public address without TLS.
        session_idle: how long a web session lives without a request.
        session_life: how long a web session lives at most.
        trusted_proxies: addresses and networks of proxies before it, whose `X-Forwarded-For` is believed.
        drain_seconds: how long requests may go on when the server is asked to stop.
        oidc: the identity provider that people may log in by; None = by password alone.
        overdue_after: how late the oldest due event may be while nothing fires before the server is not ready.
        metrics_open: whether programs on this machine read the metrics without an API key.
        max_body_bytes: the largest request body.
    """

    host: str = "127.0.0.1"
    port: int = 8321
    url: str = ""
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    allow_plain_public: bool = False
    session_idle: timedelta = timedelta(hours=8)
    session_life: timedelta = timedelta(days=7)
    trusted_proxies: tuple[str, ...] = ()
    drain_seconds: float = 10.0
    oidc: OidcSettings | None = None
    overdue_after: timedelta = timedelta(seconds=60)
    metrics_open: bool = False
    max_body_bytes: int = 4 * 1024 * 1024

    @property
    def is_secure(self) -> bool:
        """Whether people reach it by TLS, here or at a proxy before it."""
        return self.tls_certificate is not None or self.url.startswith("https://")
