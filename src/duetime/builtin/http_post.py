"""One HTTP POST that goes nowhere but where it is meant to, and ends in time.

The host is looked up once, every address that it has is judged, and the connection goes to one of these: what a name
server says a moment later changes nothing. TLS is verified for the host's name; redirects are not followed.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from duetime.core.errors import Invalid, Unavailable

CONNECT_SECONDS = 10.0
WHOLE_SECONDS = 30.0
LARGEST_ANSWER = 64 * 1024
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRefused(Invalid):
    """A host that has an address to which nothing may be sent."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__(
            f"{host} has the address {address}, which is not a public one. If it is meant, give the destination "
            "allow_private = true."
        )


class CertificateRefused(Invalid):
    """A server that cannot show that it is the host it is taken for."""

    def __init__(self, host: str, problem: str) -> None:
        super().__init__(f"The certificate of {host} is not accepted: {problem}. Renew it, or trust who issued it.")


class NoAnswer(Unavailable):
    """A server that could not be reached, or that did not answer in time."""

    def __init__(self, host: str, problem: str) -> None:
        super().__init__(f"{host} did not answer: {problem}.")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered.

    Attributes:
        headers: by name in lower case.
        body: the first 64 KiB of it.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


def post(
    url: str,
    *,
    body: bytes,
    headers: Mapping[str, str],
    allow_private: bool = False,
    seconds: float = WHOLE_SECONDS,
    context: ssl.SSLContext | None = None,
) -> Reply:
    """Send one POST and return what came back, whatever its status.

    Args:
        url: an address of http or https.
        body: what to send.
        headers: beside Host and Content-Length.
        allow_private: whether the host may have addresses that are not public.
        seconds: how long the answer may take, from the connection to its last byte.
        context: how TLS is verified; None = as the system does.

    Raises:
        AddressRefused: the host has an address to which nothing may be sent.
        CertificateRefused: TLS cannot be verified.
        NoAnswer: it cannot be reached, or is too slow.
    """
    parts = urlsplit(url)
    host, tls = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if tls else 80)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        sock = _connected(addresses_of(host, port, allow_private=allow_private), port, seconds=seconds)
        with sock, _Deadline(sock, seconds) as deadline:
            try:
                wrapped = _verified(sock, host, context) if tls else sock
                return _exchange(wrapped, target, body, {"Host": parts.netloc, **headers})
            except (OSError, http.client.HTTPException):
                if deadline.passed:
                    raise TimeoutError from None
                raise
    except ssl.SSLCertVerificationError as error:
        raise CertificateRefused(host, error.verify_message.rstrip(".")) from None
    except TimeoutError:
        raise NoAnswer(host, f"it took longer than {seconds:g} s") from None
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        said = getattr(error, "strerror", None) or type(error).__name__
        raise NoAnswer(host, str(said).rstrip(".")) from None


def addresses_of(host: str, port: int, *, allow_private: bool) -> Sequence[str]:
    """Return the addresses of a host.

    Raises:
        AddressRefused: one of them is not public, and they have to be.
        OSError: it has none, or nobody knows.
    """
    found = dict.fromkeys(str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    for address in found:
        if not allow_private and not is_public(address):
            raise AddressRefused(host, address)
    return tuple(found)


def is_public(text: str) -> bool:
    """Return whether an address is one of the public network; what stands inside of another form is judged as well."""
    address: Address = ipaddress.ip_address(text)  # a scope such as %eth0 may follow
    judged: list[Address] = [address]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            judged = [address.ipv4_mapped]
        elif address in _NAT64:
            judged = [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
        else:
            judged += [one for one in (address.sixtofour, *(address.teredo or ())) if one is not None]
    return all(one.is_global and not one.is_multicast and not one.is_reserved for one in judged)


def _connected(addresses: Sequence[str], port: int, *, seconds: float) -> socket.socket:
    failure: OSError = OSError("it has no address")
    for address in addresses:
        try:
            connected = socket.create_connection((address, port), timeout=min(CONNECT_SECONDS, seconds))
        except OSError as error:
            failure = error
        else:
            connected.settimeout(seconds)
            return connected
    raise failure


def _verified(sock: socket.socket, host: str, context: ssl.SSLContext | None) -> ssl.SSLSocket:
    return (context or ssl.create_default_context()).wrap_socket(sock, server_hostname=host)


def _exchange(sock: socket.socket, target: str, body: bytes, headers: Mapping[str, str]) -> Reply:
    connection = http.client.HTTPConnection("unused.invalid")
    connection.sock = sock
    try:
        connection.request("POST", target, body=body, headers=dict(headers))
        answer = connection.getresponse()
        given = {name.lower(): value for name, value in answer.getheaders()}
        # What is beyond is left unread; the connection is closed with it.
        return Reply(answer.status, given, answer.read(LARGEST_ANSWER))
    finally:
        connection.close()


class _Deadline:
    """Ends a connection when its time is over: time-outs of sockets start anew with every byte."""

    def __init__(self, sock: socket.socket, seconds: float) -> None:
        self.passed = False
        # Wrapping in TLS takes the descriptor away from `sock`; the copy speaks of the same connection.
        self._sock = sock.dup()
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._timer.join()
        self._sock.close()

    def _end(self) -> None:
        self.passed = True
        with suppress(OSError):  # it may have ended by itself
            self._sock.shutdown(socket.SHUT_RDWR)
