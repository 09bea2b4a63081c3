"""`duetime web`: the pages and the API, until it is asked to stop."""

from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated

import typer

from duetime.cli.exit_codes import ExitCode
from duetime.cli.options import Json
from duetime.cli.output import error_line
from duetime.cli.plain import emit
from duetime.cli.stop_signals import StopSignals, stop_with_parent
from duetime.core.destinations import Secret
from duetime.core.errors import InvalidSetting, Unavailable

if TYPE_CHECKING:
    from pathlib import Path

    from duetime.app.settings import Settings
    from duetime.web.oidc_settings import OidcSettings
    from duetime.web.web_settings import WebSettings

_NEEDED = ("argon2", "fastapi", "httpx", "prometheus_client", "python_multipart", "uvicorn")


def web(
    as_json: Json = False,
    supervised: Annotated[bool, typer.Option("--supervised", hidden=True)] = False,
) -> None:
    """Serve the pages and the API, until SIGTERM or Ctrl-C.

    Then requests that are being answered may end; a second signal leaves at once. It listens where the settings
    web_host and web_port say, and refuses an address that others reach unless it has TLS. The first time, an
    administrator is made, whose password for one login is printed on standard error and nowhere else.
    """
    from duetime.app.logging import configure_logging
    from duetime.app.settings import read_settings
    from duetime.cli.opening import open_app

    signals = StopSignals()
    settings = read_settings()
    configure_logging(level=settings.log_level, form=settings.log_format)
    require_web()
    from duetime.web.access.first_admin import LOGIN, ensure_admin
    from duetime.web.serving import Serving

    with open_app(settings) as app:
        serving = Serving(app, web_settings(settings))
        signals.stop(serving)
        if supervised:
            stop_with_parent(serving)
        password = ensure_admin(app)
        if password is not None:
            error_line(f"The first administrator is made. Log in as {LOGIN} with the password {password}")
            error_line("It is shown this once. You choose another one when you log in.")
        error_line(f"The pages are at {serving.address}")
        serving.run()
        app.manager.unload_all()
    if as_json:
        emit({"exit_code": ExitCode.OK, "address": serving.address})


def require_web() -> None:
    """Say what to do when the libraries of the web are not there.

    Raises:
        Unavailable: they are not.
    """
    if missing_libraries():
        message = "The web needs libraries that are not installed. Run pip install 'duetime[web]'."
        raise Unavailable(message)


def missing_libraries() -> list[str]:
    """Return the libraries that the web needs and that are not installed."""
    return [name for name in _NEEDED if find_spec(name) is None]


def oidc_settings(settings: "Settings") -> "OidcSettings | None":
    """Return the part of the settings that logging in by OpenID Connect works by; None = nobody logs in so.

    Raises:
        InvalidSetting: the file of the secret cannot be read, or is empty.
    """
    from duetime.web.oidc_settings import OidcSettings

    if not settings.oidc_issuer:
        return None
    return OidcSettings(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=_secret_in(settings.oidc_client_secret_file) or settings.oidc_client_secret,
        title=settings.oidc_title,
        scopes=settings.oidc_scopes,
        group_claim=settings.oidc_group_claim,
        groups=settings.oidc_groups,
        auto_create=settings.oidc_auto_create,
    )


def _secret_in(path: "Path | None") -> Secret | None:
    if path is None:
        return None
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or "it is no text"
        raise InvalidSetting("oidc_client_secret_file", f"{path.absolute()} cannot be read: {said}") from error
    if not text:
        raise InvalidSetting("oidc_client_secret_file", f"{path.absolute()} is empty")
    return Secret(text)


def web_settings(settings: "Settings") -> "WebSettings":
    """Return the part of the settings that the web works by."""
    from duetime.web.web_settings import WebSettings

    return WebSettings(
        host=settings.web_host,
        port=settings.web_port,
        url=settings.web_url,
        tls_certificate=settings.web_tls_certificate,
        tls_key=settings.web_tls_key,
        allow_plain_public=settings.web_allow_plain_public,
        trusted_proxies=settings.web_trusted_proxies,
        session_idle=settings.web_session_idle,
        session_life=settings.web_session_life,
        oidc=oidc_settings(settings),
        drain_seconds=settings.drain_seconds,
        overdue_after=settings.overdue_after,
        metrics_open=settings.metrics_open,
    )
