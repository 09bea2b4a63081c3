"""One POST: to where it is meant to go, no further, and not for ever."""

import socket
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from tests.builtin.loopback_servers import Web, serving, status

from duetime.builtin.http_post import (
    LARGEST_ANSWER,
    AddressRefused,
    CertificateRefused,
    NoAnswer,
    addresses_of,
    is_public,
    post,
)


def send(url: str, **more: Any) -> Any:
    return post(url, body=b"{}", headers={"X-A": "b"}, **{"allow_private": True, **more})


def test_a_post_arrives_and_its_answer_comes_back() -> None:
    with serving(status(201, b"made", X_Id="7")) as web:
        reply = send(f"{web.url}/in/x?key=1")
        assert (reply.status, reply.body, reply.headers["x-id"]) == (201, b"made", "7")
        (request,) = web.requests
        assert (request.path, request.body, request.headers["x-a"]) == ("/in/x?key=1", b"{}", "b")
        assert request.headers["host"] == f"127.0.0.1:{web.port}"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%lo", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a9fe:a9fe::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public_are_known(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_addresses_are_known(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1"])
def test_nothing_is_sent_to_this_machine_unless_that_is_said(host: str) -> None:
    with serving() as web:
        with pytest.raises(AddressRefused, match="allow_private = true"):
            send(f"http://{host}:{web.port}/", allow_private=False)
        assert not web.requests


def resolving(*addresses: str) -> Callable[..., list[Any]]:
    asked: list[str] = []

    def answer(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        if host == "hook.example":
            asked.append(host)
            assert len(asked) == 1, "asked twice: the second answer could be another one"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]
        return real(host, port, *_, **__)

    real = socket.getaddrinfo
    return answer


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving("93.184.216.34", "10.0.0.1"))
    with pytest.raises(AddressRefused, match=r"10\.0\.0\.1"):
        addresses_of("hook.example", 443, allow_private=False)


def test_the_name_is_looked_up_once_and_the_host_is_told_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving("127.0.0.1"))
    with serving() as web:
        assert send(f"http://hook.example:{web.port}/").status == 200
        assert web.requests[0].headers["host"] == f"hook.example:{web.port}"


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with serving() as other, serving(status(307, Location=other.url)) as web:
        assert send(web.url).status == 307
        assert not other.requests


def test_of_a_huge_answer_only_the_beginning_is_read() -> None:
    def huge(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:  # ends when the other side is gone
            handler.wfile.write(b"x" * 65536)

    with serving(huge) as web:
        assert len(send(web.url).body) == LARGEST_ANSWER


def test_a_server_that_answers_a_byte_at_a_time_is_given_up() -> None:
    web: Web

    def drip(handler: BaseHTTPRequestHandler) -> None:
        while not web.stop.wait(0.02):
            handler.wfile.write(b"H")

    with serving(drip) as web, pytest.raises(NoAnswer, match=r"longer than 0\.3 s"):
        send(web.url, seconds=0.3)


def test_a_server_that_says_nothing_is_given_up() -> None:
    web: Web

    with (
        serving(lambda _handler: (web.stop.wait(), None)[1]) as web,
        pytest.raises(NoAnswer, match=r"longer than 0\.2 s"),
    ):
        send(web.url, seconds=0.2)


def test_nobody_there_is_no_answer() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        with pytest.raises(NoAnswer, match="refused"):
            send(f"http://127.0.0.1:{port}/")


def test_what_is_no_http_is_no_answer() -> None:
    def garbage(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"220 I am a mail server\r\n")
        handler.close_connection = True

    with serving(garbage) as web, pytest.raises(NoAnswer, match="BadStatusLine"):
        send(web.url)


def _certificate(host: str) -> tuple[bytes, bytes]:
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return made.public_bytes(pem), private


def _read_all(sock: socket.socket) -> None:
    """Read a request to its end: what is left unread when a connection closes makes the client lose the answer."""
    request = b""
    while not request.endswith(b"\r\n\r\n{}"):
        part = sock.recv(65536)
        if not part:
            return
        request += part


def test_tls_is_verified_for_the_name_of_the_host(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, private = _certificate("hook.example")
    (tmp_path / "pair.pem").write_bytes(certificate + private)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "pair.pem")
    names: list[str | None] = []
    server.sni_callback = lambda _sock, name, _context: names.append(name)
    trusting = ssl.create_default_context(cadata=certificate.decode())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def serve() -> None:
            for _ in range(3):
                raw, _peer = listener.accept()
                with raw:
                    try:
                        with server.wrap_socket(raw, server_side=True) as sock:
                            _read_all(sock)
                            sock.sendall(b"HTTP/1.1 204 Fine\r\n\r\n")
                    except OSError:
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        monkeypatch.setattr(socket, "getaddrinfo", resolving("127.0.0.1"))
        assert send(f"https://hook.example:{port}/", context=trusting).status == 204
        with pytest.raises(CertificateRefused, match=r"127\.0\.0\.1"):
            send(f"https://127.0.0.1:{port}/", context=trusting)
        with pytest.raises(CertificateRefused, match=r"self.signed certificate"):
            send(f"https://127.0.0.1:{port}/")
        thread.join()
    assert names[0] == "hook.example"
