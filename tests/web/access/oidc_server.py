"""A small OpenID Connect provider on loopback: it signs real tokens, checks PKCE, and can be told to misbehave."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

Claims = dict[str, Any]
CLIENT_ID, CLIENT_SECRET = "duetime", "a secret of the client & more"


@cache
def rsa_key(kid: str, *, number: int = 0) -> RSAKey:
    """Return a key of this name; making one takes long."""
    return RSAKey.generate_key(2048, {"kid": kid})


class OidcServer:
    """The provider.

    Attributes:
        person: what it says about whoever comes next.
        change: changes the claims just before they are signed.
        header: the header of the next token.
        requests: the paths that were asked for.
    """

    def __init__(self) -> None:
        self.key = rsa_key("one")
        self.signing_key = self.key
        self.person: Claims = {"sub": "subject-1", "preferred_username": "ann", "name": "Ann Other"}
        self.change: Callable[[Claims], Claims] = lambda claims: claims
        self.header: dict[str, Any] = {"alg": "RS256", "kid": "one"}
        self.issuer_said: str | None = None
        self.requests: list[str] = []
        self._codes: dict[str, Mapping[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def running(self) -> Iterator["OidcServer"]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join(10)

    def new_key(self) -> None:
        """Sign with another key from now on."""
        self.key = self.signing_key = rsa_key("two")
        self.header = {"alg": "RS256", "kid": "two"}

    def discovery(self) -> Claims:
        return {
            "issuer": self.issuer_said or self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def authorize(self, asked: Mapping[str, str]) -> str:
        """Return where the browser is sent back to."""
        code = secrets.token_urlsafe()
        self._codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], 'iss': self.issuer})}"

    def token(self, asked: Mapping[str, str], authorization: str) -> tuple[int, Claims]:
        begun = self._codes.pop(asked.get("code", ""), None)
        if begun is None or begun["redirect_uri"] != asked.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        if not _is_client(authorization):
            return 401, {"error": "invalid_client"}
        challenge = hashlib.sha256(asked.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(challenge).decode().rstrip("=") != begun["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": begun["nonce"], **self.person,
        }  # fmt: skip
        return 200, {
            "access_token": "opaque",
            "token_type": "Bearer",
            "id_token": self.sign(self.change(claims)),
        }

    def sign(self, claims: Claims) -> str:
        if self.header["alg"] == "none":
            parts = (json.dumps(part).encode() for part in (self.header, claims))
            return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."
        return jwt.encode(self.header, claims, self.signing_key, algorithms=[self.header["alg"]])

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                provider.requests.append(parts.path)
                if parts.path == "/.well-known/openid-configuration":
                    self._say(200, provider.discovery())
                elif parts.path == "/keys":
                    self._say(200, {"keys": [provider.key.as_dict(private=False)]})
                elif parts.path == "/authorize":
                    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
                    self.send_response(302)
                    self.send_header("Location", provider.authorize(asked))
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                else:
                    self._say(404, {})

            def do_POST(self) -> None:
                provider.requests.append(self.path)
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                asked = {name: values[0] for name, values in parse_qs(body).items()}
                self._say(*provider.token(asked, self.headers.get("Authorization", "")))

            def _say(self, status: int, body: Claims) -> None:
                text = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                """Be quiet."""

        return Handler


def _is_client(authorization: str) -> bool:
    scheme, _, text = authorization.partition(" ")
    user, _, password = base64.b64decode(text).decode().partition(":")
    return scheme == "Basic" and (user, unquote_plus(password)) == (CLIENT_ID, CLIENT_SECRET)
