"""An OpenID Connect provider: sending people there, and judging what they bring back.

Authorization code flow with PKCE, a state and a nonce. Only what the provider has signed is believed.
"""

import hmac
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from duetime.web.access.identity_visit import Pending
from duetime.web.errors import IdentityRefused, IdentityUnavailable
from duetime.web.oidc_settings import OidcSettings

_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Signatures by a key that only the provider has; never `none`, nor those that our own secret could make."""
_TIMEOUT_SECONDS = 10
_FRESH = timedelta(hours=1)
"""How long what the provider says about itself is kept."""
_LEEWAY_SECONDS = 60
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_TRANSPORT_ERRORS: tuple[type[Exception], ...] = tuple(
    import_module(name).HTTPError for name in ("httpx2", "httpx") if find_spec(name) is not None
)
"""Which of the two Authlib uses depends on its version."""
_NOT_AS_IT_MUST: tuple[type[Exception], ...] = (*_TRANSPORT_ERRORS, JoseError, ValueError, TypeError, KeyError)


@dataclass(frozen=True, slots=True)
class _Metadata:
    """What the provider says about itself."""

    endpoints: Mapping[str, str]
    keys: KeySet
    read_at: datetime


class IdentityProvider:
    """One provider. What it says about itself is read when it is first needed, and again every hour."""

    def __init__(self, settings: OidcSettings) -> None:
        self.settings = settings
        self._metadata: _Metadata | None = None
        self._lock = threading.Lock()

    def address_for(self, pending: Pending, *, redirect_uri: str, now: datetime) -> str:
        """Return the address of the provider to send somebody to.

        Raises:
            IdentityUnavailable: the provider does not say where that is.
        """
        endpoint = self._known(now).endpoints["authorization_endpoint"]
        with self._client(redirect_uri) as client:
            address, _state = client.create_authorization_url(
                endpoint, state=pending.state, nonce=pending.nonce, code_verifier=pending.verifier
            )
        return str(address)

    def claims(
        self, pending: Pending, query: Mapping[str, str], *, redirect_uri: str, now: datetime
    ) -> Mapping[str, Any]:
        """Return what the provider says about somebody who has come back.

        Args:
            pending: what the browser's cookie holds.
            query: what stands in the address that they came back by.
            redirect_uri: that address without its query, just as it was sent.
            now: the present moment.

        Raises:
            IdentityRefused: they said no, or something does not fit together.
            IdentityUnavailable: the provider does not answer.
        """
        if not hmac.compare_digest(query.get("state", "").encode(), pending.state.encode()):
            raise IdentityRefused("the answer does not belong to a visit that this browser has begun; begin again")
        if "error" in query:
            raise IdentityRefused(f"the provider says {query['error'][:60]!r}")
        if query.get("iss", self.settings.issuer) != self.settings.issuer:
            raise IdentityRefused("the answer comes from another provider")
        code = query.get("code", "")
        if not code:
            raise IdentityRefused("the answer holds no code")
        token = self._exchange(code, pending, redirect_uri=redirect_uri, now=now)
        return self._verified(token, nonce=pending.nonce, now=now)

    def _exchange(self, code: str, pending: Pending, *, redirect_uri: str, now: datetime) -> Mapping[str, Any]:
        endpoint = self._known(now).endpoints["token_endpoint"]
        try:
            with self._client(redirect_uri) as client:
                token: Mapping[str, Any] = client.fetch_token(
                    endpoint, grant_type="authorization_code", code=code, code_verifier=pending.verifier
                )
        except _TRANSPORT_ERRORS as error:
            raise IdentityUnavailable(self.settings.issuer, type(error).__name__) from error
        except (AuthlibBaseError, ValueError) as error:
            raise IdentityRefused("the provider does not take the code; begin again") from error
        return token

    def _verified(self, token: Mapping[str, Any], *, nonce: str, now: datetime) -> Mapping[str, Any]:
        text = token.get("id_token")
        if not isinstance(text, str):
            raise IdentityRefused("the provider sent no identity")
        settings = self.settings
        try:
            signed = self._decoded(text, now=now)
            claims = CodeIDToken(
                signed.claims,
                signed.header,
                {
                    "iss": {"essential": True, "value": settings.issuer},
                    "aud": {"essential": True, "value": settings.client_id},
                },
                {"nonce": nonce, "client_id": settings.client_id, "access_token": token.get("access_token")},
            )
            claims.validate(now=int(now.timestamp()), leeway=_LEEWAY_SECONDS)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise IdentityRefused(f"what the provider sent cannot be trusted ({type(error).__name__})") from error
        if not isinstance(claims["sub"], str) or not claims["sub"]:
            raise IdentityRefused("the provider does not say who it is")
        return dict(claims)

    def _decoded(self, text: str, *, now: datetime) -> jwt.Token:
        try:
            return jwt.decode(text, self._known(now).keys, algorithms=_ALGORITHMS)
        except InvalidKeyIdError:  # its keys have changed since
            return jwt.decode(text, self._read(now).keys, algorithms=_ALGORITHMS)

    def _known(self, now: datetime) -> _Metadata:
        known = self._metadata
        return known if known is not None and now - known.read_at < _FRESH else self._read(now)

    def _read(self, now: datetime) -> _Metadata:
        """Ask the provider about itself."""
        issuer = self.settings.issuer
        with self._lock:
            try:
                with self._client("") as client:
                    body = _json(client, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
                    if body.get("issuer") != issuer:
                        raise IdentityUnavailable(issuer, "it calls itself by another name")
                    endpoints = {name: _endpoint(body.get(name), issuer) for name in _ENDPOINTS}
                    keys = KeySet.import_key_set(_json(client, endpoints["jwks_uri"]))  # type: ignore[arg-type]
            except _NOT_AS_IT_MUST as error:
                raise IdentityUnavailable(issuer, type(error).__name__) from error
            self._metadata = _Metadata(endpoints, keys, now)
            return self._metadata

    @cached_property
    def _trusted(self) -> ssl.SSLContext:
        """Whose certificates are believed: reading them takes long."""
        return ssl.create_default_context()

    def _client(self, redirect_uri: str) -> Any:
        secret = self.settings.client_secret
        return OAuth2Client(
            client_id=self.settings.client_id,
            client_secret=None if secret is None else secret.reveal(),
            scope=self.settings.scopes,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            timeout=_TIMEOUT_SECONDS,
            verify=self._trusted,
        )


def _json(client: Any, address: str) -> Mapping[str, Any]:
    answer = client.request("GET", address, withhold_token=True)
    answer.raise_for_status()
    body = answer.json()
    if not isinstance(body, dict):
        raise TypeError(address)
    return body


def _endpoint(address: object, issuer: str) -> str:
    """Return an address that the provider names; where it has TLS itself, all of them must."""
    if not isinstance(address, str) or not address.startswith("https://" if issuer.startswith("https://") else "http"):
        raise TypeError(address)
    return address
