"""Where a request comes from: which page sent it, and which machine."""

from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from starlette.requests import Request

from duetime.web.access.browser_sessions import Browser
from duetime.web.web_settings import WebSettings

_OWN_SITES = frozenset({"same-origin", "none"})
"""`none`: the visitor asked for it themselves, by typing the address or from a bookmark."""
_DEFAULT_PORTS = {"http": 80, "https": 443}


def comes_from_here(request: Request, *, settings: WebSettings) -> bool:
    """Return whether nothing says that a page of another site has sent a request.

    Browsers say in `Sec-Fetch-Site` and in `Origin` which page it was; no page can make them say something else.
    Programs send neither.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in _OWN_SITES:
        return False
    origin = request.headers.get("Origin")
    return origin is None or _parts(origin) in _own_origins(request, settings)


def browser_of(request: Request) -> Browser:
    """Return where a request comes from.

    The address is that of the connection. `X-Forwarded-For` counts only where the server was told which proxies to
    believe (`trusted_proxies`): then the server itself has put the address in place before a request comes here.
    """
    return Browser(
        address=request.client.host if request.client is not None else "",
        agent=request.headers.get("user-agent", ""),
    )


def own_address(request: Request, *, settings: WebSettings) -> str:
    """Return how people reach this server, without a slash at the end: as it was told, else as this request did."""
    return settings.url or f"{request.url.scheme}://{request.headers.get('host', '')}"


def network_of(address: str) -> str:
    """Return what attempts from an address are counted for: itself, or the /64 that one machine has of IPv6."""
    if not _is_address(address):
        return address or "unknown"
    found = ip_address(address)
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ip_network((found.packed[:8] + bytes(8), 64)))
    return str(found)


def _own_origins(request: Request, settings: WebSettings) -> set[tuple[str, str, int] | None]:
    return {_parts(own_address(request, settings=settings))} - {None}


def _parts(url: str) -> tuple[str, str, int] | None:
    """Return the scheme, host and port of an address, or None when it has none."""
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname, port) if parts.scheme and parts.hostname else None


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
