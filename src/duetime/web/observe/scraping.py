"""Who may read `/metrics`."""

from ipaddress import ip_address

from fastapi import Request

from duetime.core.access import Feature, Role
from duetime.web.errors import Forbidden
from duetime.web.need import Gate, Need
from duetime.web.ports import WebPorts
from duetime.web.visitor import Visitor

_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


class ScrapeGate(Gate):
    """Lets viewers of the system in who reach every account, because metrics name all of them.

    With the setting `metrics_open`, programs on this very machine come in without a key. A request that was handed on
    is none of theirs: behind a proxy on this machine, everybody would seem to be here.
    """

    def __init__(self) -> None:
        super().__init__(Need(Feature.SYSTEM, Role.VIEWER))

    async def __call__(self, request: Request) -> Visitor | None:
        """Return the visitor, or None for a program on this machine.

        Raises:
            NotSignedIn: nobody was let in.
            Forbidden: the visitor may not see the system, or not in all accounts.
        """
        ports: WebPorts = request.app.state.ports
        if ports.settings.metrics_open and is_here(request):
            return None
        visitor = await super().__call__(request)
        if visitor is not None and not visitor.reach(Feature.SYSTEM).is_everywhere:
            raise Forbidden(Feature.SYSTEM, Role.VIEWER, "in all accounts")
        return visitor


def is_here(request: Request) -> bool:
    """Return whether a request comes straight from a program on this machine."""
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
