"""Where the server may listen."""

from ipaddress import ip_address

from duetime.core.errors import InvalidSetting
from duetime.web.web_settings import WebSettings

_THIS_MACHINE = frozenset({"localhost", "ip6-localhost"})


def require_safe_listening(settings: WebSettings) -> None:
    """Refuse to listen where others could read passwords and cookies on their way.

    An address of this machine alone is safe. Any other one, and a name that is not `localhost`, needs TLS, here or at
    a proxy: then the operator says so by the flag, since nobody can see from here whether the way to the proxy is
    private.

    Raises:
        InvalidSetting: others could read along, or a key has no certificate.
    """
    if settings.tls_certificate is not None or settings.allow_plain_public or _is_here(settings.host):
        return
    raise InvalidSetting(
        "web_host",
        f"{settings.host!r} can be reached from other machines, and passwords would travel in the open: set "
        "web_tls_certificate, or listen on 127.0.0.1 behind a proxy that has TLS, or, when only such a proxy reaches "
        "this address, set web_allow_plain_public",
    )


def _is_here(host: str) -> bool:
    name = host.strip("[]").lower()
    if name in _THIS_MACHINE:
        return True
    try:
        found = ip_address(name.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback
