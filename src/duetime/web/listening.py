"""The socket that the web server listens on."""

import errno
import socket
import ssl

from duetime.core.errors import InvalidSetting
from duetime.web.errors import CannotListen
from duetime.web.web_settings import WebSettings

_BACKLOG = 512


def listen(settings: WebSettings) -> socket.socket:
    """Return a socket that listens where the settings say; connections wait in it until somebody accepts them.

    Raises:
        InvalidSetting: the host is no address of this machine, or the certificate and its key are of no use.
        CannotListen: another program has the port, or this one may not have it.
    """
    _require_certificate(settings)
    try:
        family, _, _, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise InvalidSetting("web_host", f"{settings.host} is no address: {error.strerror}") from error
    try:
        return socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise InvalidSetting("web_host", f"{settings.host} is no address of this machine") from error
        raise CannotListen(settings.host, settings.port, _reason(error)) from error


def address_of(listening: socket.socket, settings: WebSettings) -> str:
    """Return how people reach the server: the address that the settings name, or the one that it listens on."""
    if settings.url:
        return settings.url
    host, port = listening.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not listened on
        host = socket.gethostname()
    scheme = "http" if settings.tls_certificate is None else "https"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def _reason(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "another program listens there already"
    if error.errno == errno.EACCES:
        return "this user may not; ports below 1024 are for root"
    return error.strerror or str(error)


def _require_certificate(settings: WebSettings) -> None:
    if settings.tls_certificate is None:
        return
    for name, path in (("web_tls_certificate", settings.tls_certificate), ("web_tls_key", settings.tls_key)):
        if path is not None and not path.is_file():
            raise InvalidSetting(name, f"there is no file {path.absolute()}")
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(settings.tls_certificate, settings.tls_key, password=_no_password)
    except (OSError, ValueError) as error:  # ssl.SSLError is one
        said = getattr(error, "reason", None) or error.__class__.__name__
        problem = f"{settings.tls_certificate} and its key cannot be used ({said}); write PEM files without a password"
        raise InvalidSetting("web_tls_certificate", problem) from error


def _no_password() -> str:
    message = "the key has a password"
    raise ValueError(message)  # asking at a terminal, as OpenSSL would, blocks a service for ever
