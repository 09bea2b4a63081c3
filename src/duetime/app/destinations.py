"""Destinations as the settings write them: every fault is named, and nothing of an address is repeated."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from duetime.core.destinations import Destination, Destinations, NoticeDestination, Secret, WebhookDestination
from duetime.core.errors import nearest

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_KEYS = {"notices": ("notices",), "webhook": ("webhook", "secret", "allow_private")}
_ALL_KEYS = ("notices", "webhook", "secret", "allow_private")
SHORTEST_SECRET = 16


def read_destinations(value: object) -> Destinations:
    """Return the destinations that a table of `duetime.toml`, or its JSON text, names.

    Raises:
        ValueError: something does not fit; the message holds no address and no secret.
    """
    if isinstance(value, Destinations):
        return value
    if isinstance(value, str):
        value = _from_json(value)
    if not isinstance(value, Mapping):
        message = "they must be a table of destinations by name, or a JSON object in the environment"
        raise ValueError(message)  # noqa: TRY004 - what pydantic expects of a validator
    return Destinations(tuple(_destination(str(name), body) for name, body in value.items()))


def _from_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        place = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        message = f"the text is no JSON{place}"
        raise ValueError(message) from None


def _destination(name: str, body: object) -> Destination:
    if not _NAME.fullmatch(name):
        message = f"a name has up to 64 letters, digits and _ . -, not {name!r:.80}"
        raise ValueError(message)
    if not isinstance(body, Mapping):
        message = f"{name} must be a table with the key notices or webhook"
        raise ValueError(message)  # noqa: TRY004 - as above
    kinds = [kind for kind in _KEYS if kind in body]
    if len(kinds) != 1:
        message = f"{name} must have one of the keys notices and webhook"
        raise ValueError(message)
    for key in body:
        if key not in _KEYS[kinds[0]]:
            near = nearest(str(key), _ALL_KEYS, most=1)
            hint = f"did you mean {near[0]}" if near and near[0] != key else f"with {kinds[0]} there is no such key"
            message = f"{name} has a key {key!r:.60}; {hint}"
            raise ValueError(message)
    return _notices(name, body) if kinds[0] == "notices" else _webhook(name, body)


def _notices(name: str, body: Mapping[str, Any]) -> NoticeDestination:
    urls = [body["notices"]] if isinstance(body["notices"], str) else body["notices"]
    fits = isinstance(urls, list) and urls and all(isinstance(url, str) and "://" in url for url in urls)
    if not fits:
        message = f"{name}.notices must be an address as apprise writes it, such as mailto://..., or a list of them"
        raise ValueError(message)
    return NoticeDestination(name, tuple(Secret(url) for url in urls))


def _webhook(name: str, body: Mapping[str, Any]) -> WebhookDestination:
    allow_private, secret = body.get("allow_private", False), body.get("secret")
    if not isinstance(allow_private, bool):
        message = f"{name}.allow_private must be true or false"
        raise ValueError(message)  # noqa: TRY004 - as above
    if secret is not None and (not isinstance(secret, str) or len(secret) < SHORTEST_SECRET):
        message = f"{name}.secret must be a text of at least {SHORTEST_SECRET} characters"
        raise ValueError(message)
    problem = _address_problem(body["webhook"], allow_private=allow_private)
    if problem is not None:
        message = f"{name}.webhook {problem}"
        raise ValueError(message)
    return WebhookDestination(
        name, Secret(body["webhook"]), None if secret is None else Secret(secret), allow_private=allow_private
    )


def _address_problem(url: object, *, allow_private: bool) -> str | None:
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or " " in url:
        return "must be an address such as https://example.org/path"
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return "is no address that can be read"
    if parts.scheme not in ("https", "http") or not host:
        return "must be an address such as https://example.org/path"
    if parts.scheme == "http" and not allow_private:
        return "must begin with https://; plain http:// is for networks of your own, with allow_private = true"
    if parts.username is not None or parts.password is not None:
        return "must hold no user and password; requests are signed with `secret`"
    return None
