"""The settings of the web server and of logging in to it."""

import json
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, PlainValidator, field_validator, model_validator

from duetime.app.setting_field import read_span, setting
from duetime.core.destinations import Secret
from duetime.core.errors import InvalidSetting

_SPAN = "a length of time such as 30m, 8h or 7d"
Span = Annotated[timedelta, BeforeValidator(read_span)]


def _address(value: object, *, schemes: tuple[str, ...]) -> str:
    """Return an address without a slash at its end; it may have no user, query or fragment."""
    text = str(value).strip()
    try:
        parts = urlsplit(text)
        fits = bool(parts.scheme in schemes and parts.hostname and parts.port != 0)
    except ValueError:
        fits = False
        parts = urlsplit("")
    if not fits or "@" in parts.netloc or parts.query or parts.fragment or not text.isprintable():
        message = f"it is no address of {' or '.join(schemes)}"
        raise ValueError(message)
    return text.rstrip("/")


def _origin(value: object) -> str:
    if value == "":
        return ""
    text = _address(value, schemes=("https", "http"))
    if urlsplit(text).path:
        message = "it has a path"
        raise ValueError(message)
    return text


def _issuer(value: object) -> str:
    """Return the address as it is: a provider is compared by it, to the last slash."""
    if value != "":
        _address(value, schemes=("https", "http"))
    return str(value)


def _groups(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        message = "it is no JSON"
        raise ValueError(message) from None


def _secret(value: object) -> Secret | None:
    if value is None or isinstance(value, Secret):
        return value
    if not isinstance(value, str) or not value.strip():
        message = "it is no text"
        raise ValueError(message)
    return Secret(value.strip())


class WebPart(BaseModel):
    """What the web server works by."""

    web_host: str = setting(
        "127.0.0.1",
        meaning="the address that the web server listens on; one that others reach needs TLS",
        wanted="an address of this machine or a name of it",
        min_length=1,
        max_length=253,
        pattern=r"^[0-9A-Za-z:._%-]+$",
    )
    web_port: int = setting(
        8321,
        meaning="the port that it listens on; 0 takes one that is free",
        wanted="a whole number from 0 to 65535",
        ge=0,
        le=65535,
    )
    web_url: Annotated[str, BeforeValidator(_origin)] = setting(
        "",
        meaning="how people reach it when that is not its own address: behind a proxy",
        wanted="an address without a path, such as https://duetime.example.org",
    )
    web_tls_certificate: Path | None = setting(
        None, meaning="the certificates that it shows, its own one first", wanted="a PEM file"
    )
    web_tls_key: Path | None = setting(
        None, meaning="the key of its certificate, unless that file holds it", wanted="a PEM file"
    )
    web_allow_plain_public: bool = setting(
        False,
        meaning="whether it may listen on an address that others reach without TLS: when a proxy before it has TLS",
        wanted="true or false",
    )
    web_trusted_proxies: tuple[str, ...] = setting(
        (),
        meaning="whose word it takes for who asks and by which scheme; in the environment separated by commas",
        wanted="a list of addresses and networks such as 10.0.0.7 or 10.0.0.0/8",
        separator=",",
    )
    web_session_idle: Span = setting(
        "8h",
        meaning="after how long without a request somebody must log in again",
        wanted=f"{_SPAN}, at least 1m",
        validate_default=True,
        ge=timedelta(minutes=1),
    )
    web_session_life: Span = setting(
        "7d",
        meaning="after how long somebody must log in again whatever they do",
        wanted=f"{_SPAN}, at least 1m",
        validate_default=True,
        ge=timedelta(minutes=1),
    )
    oidc_issuer: Annotated[str, BeforeValidator(_issuer)] = setting(
        "",
        meaning="the OpenID Connect provider that people may log in by; empty = none",
        wanted="the address of the issuer, such as https://login.example.org/realms/staff",
    )
    oidc_client_id: str = setting("", meaning="how that provider calls duetime", wanted="a text")
    oidc_client_secret: Annotated[Secret | None, PlainValidator(_secret)] = setting(
        None, meaning="the secret that it gave duetime; none for a public client", wanted="a text", repr=False
    )
    oidc_client_secret_file: Path | None = setting(
        None, meaning="the file that holds that secret, in place of the setting", wanted="a file"
    )
    oidc_title: str = setting(
        "the identity provider", meaning="what people call that provider", wanted="a text", min_length=1, max_length=60
    )
    oidc_scopes: str = setting(
        "openid profile email",
        meaning="what the provider is asked for",
        wanted="words with blanks between them, openid among them",
        pattern=r"^(.* )?openid( .*)?$",
    )
    oidc_group_claim: str = setting(
        "groups",
        meaning="which claim names the groups that somebody has there",
        wanted="the name of a claim",
        min_length=1,
    )
    oidc_groups: Annotated[Mapping[str, str], BeforeValidator(_groups)] = setting(
        {},
        meaning="from groups there to access groups here; what is not named opens nothing",
        wanted="a table of access groups by group; in the environment a JSON object",
    )
    oidc_auto_create: bool = setting(
        False,
        meaning="whether somebody whom the provider knows and duetime does not gets a login",
        wanted="true or false",
    )

    @field_validator("web_trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(ip_network(each.strip(), strict=False)) for each in value)

    @field_validator("web_tls_certificate", "web_tls_key", "oidc_client_secret_file", mode="before")
    @classmethod
    def _said(cls, value: Any) -> Any:
        return None if value == "" else value

    @field_validator("web_tls_certificate", "web_tls_key", "oidc_client_secret_file")
    @classmethod
    def _home(cls, value: Path | None) -> Path | None:
        return None if value is None else value.expanduser()

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.web_tls_key is not None and self.web_tls_certificate is None:
            raise InvalidSetting("web_tls_key", "a key without web_tls_certificate is of no use")
        if self.web_session_idle > self.web_session_life:
            raise InvalidSetting("web_session_idle", "must not be longer than web_session_life")
        if self.oidc_issuer and not self.oidc_client_id:
            raise InvalidSetting("oidc_client_id", "must be set when oidc_issuer is")
        if self.oidc_client_secret is not None and self.oidc_client_secret_file is not None:
            raise InvalidSetting("oidc_client_secret", "either it or oidc_client_secret_file may be set, not both")
        return self
