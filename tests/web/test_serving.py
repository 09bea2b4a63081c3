"""Serving: what is being answered may end, TLS, proxies whose word is taken, and plugins that come and go."""

import http.client
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from tests.cli.conftest import GREETER, eventually

from duetime.app.app import App
from duetime.core.errors import InvalidSetting
from duetime.store.store import Store
from duetime.testing.clock import ManualClock
from duetime.web.listening import listen
from duetime.web.serving import Serving
from duetime.web.web_settings import WebSettings

LOOPBACK = "127.0.0.1"


@contextmanager
def running(app: App, **settings: object) -> Iterator[Serving]:
    serving = Serving(app, WebSettings(port=0, **settings))  # type: ignore[arg-type]
    thread = threading.Thread(target=serving.run, daemon=True)
    thread.start()
    try:
        yield serving
    finally:
        serving.stop()
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture
def small_web(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put one route in place of ours."""

    def put(answer: Callable[[Request], JSONResponse]) -> None:
        small = Starlette(routes=[Route("/", answer)])
        monkeypatch.setattr("duetime.web.serving.create_web", lambda *_, **__: small)

    return put


def connect(serving: Serving, context: ssl.SSLContext | None = None) -> http.client.HTTPConnection:
    parts = urlsplit(serving.address)
    assert parts.hostname is not None
    if context is not None:
        return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=20, context=context)
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)


def test_what_is_being_answered_when_it_is_asked_to_stop_may_end(app: App, small_web: Callable[..., None]) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def slow(_request: Request) -> JSONResponse:
        begun.set()
        may_end.wait(20)
        return JSONResponse("done")

    small_web(slow)
    with running(app) as serving:
        connection = connect(serving)
        connection.request("GET", "/")
        assert begun.wait(20)
        serving.stop()

        def is_shut() -> bool:
            try:
                socket.create_connection((LOOPBACK, urlsplit(serving.address).port or 0), timeout=20).close()
            except ConnectionRefusedError:
                return True
            return False

        eventually(is_shut)
        may_end.set()
        assert connection.getresponse().read() == b'"done"'
        connection.close()


@pytest.mark.parametrize(
    ("trusted", "seen"),
    [((), [LOOPBACK, "http"]), (("127.0.0.0/8",), ["198.51.100.7", "https"]), (("10.0.0.0/8",), [LOOPBACK, "http"])],
)
def test_only_proxies_that_the_settings_name_say_who_asks(
    app: App, small_web: Callable[..., None], trusted: tuple[str, ...], seen: list[str]
) -> None:
    small_web(lambda request: JSONResponse([request.client.host if request.client else "", request.url.scheme]))
    with running(app, trusted_proxies=trusted) as serving:
        connection = connect(serving)
        connection.request("GET", "/", headers={"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https"})
        answer = connection.getresponse()
        assert json.loads(answer.read()) == seen
        assert answer.getheader("server") is None
        connection.close()


def test_tls_is_spoken_with_the_certificate_of_the_settings(
    app: App, small_web: Callable[..., None], tmp_path: Path
) -> None:
    certificate, key = write_certificate(tmp_path)
    small_web(lambda request: JSONResponse(request.url.scheme))
    with running(app, tls_certificate=certificate, tls_key=key, host="localhost") as serving:
        assert serving.address.startswith("https://")
        context = ssl.create_default_context(cafile=str(certificate))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        connection = connect(serving, context)
        connection.request("GET", "/")
        assert connection.getresponse().read() == b'"https"'
        connection.close()


def test_a_key_with_a_password_is_refused_without_asking(app: App, tmp_path: Path) -> None:
    certificate, key = write_certificate(tmp_path, password=b"secret")
    with pytest.raises(InvalidSetting, match="write PEM files without a password"):
        listen(WebSettings(port=0, tls_certificate=certificate, tls_key=key))


def test_the_address_of_the_settings_is_the_one_that_people_are_told(app: App) -> None:
    serving = Serving(app, WebSettings(port=0, url="https://duetime.example.org"))
    serving.close()
    assert serving.address == "https://duetime.example.org"
    wide = Serving(app, WebSettings(port=0, host="0.0.0.0", allow_plain_public=True))
    wide.close()
    assert urlsplit(wide.address).hostname == socket.gethostname().lower()


def test_a_plugin_that_is_unloaded_or_loaded_again_is_so_in_the_web_too(
    sqlite_store: Store, clock: ManualClock, tmp_path: Path
) -> None:
    plugin = tmp_path / "plugins" / "greeter"
    plugin.mkdir(parents=True)
    (plugin / "jobs.py").write_text(GREETER, encoding="utf-8")
    app = App(sqlite_store, plugin_paths=[tmp_path / "plugins"], providers={}, installed_plugins=False)
    with running(app):
        eventually(lambda: "greeter.greet" in app.registries.event_types)
        with sqlite_store.write() as tx:
            tx.plugins.wish("greeter", wish="unloaded")
        eventually(lambda: "greeter.greet" not in app.registries.event_types)
    app.manager.unload_all()


def write_certificate(folder: Path, *, password: bytes | None = None) -> tuple[Path, Path]:
    """Write a certificate for localhost and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), _loopback()]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    lock = serialization.NoEncryption() if password is None else serialization.BestAvailableEncryption(password)
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, lock))
    return paths


def _loopback() -> x509.IPAddress:
    from ipaddress import ip_address

    return x509.IPAddress(ip_address(LOOPBACK))
