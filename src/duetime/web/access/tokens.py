"""Secrets that open something: made at random, kept only as digests."""

import hashlib
import re
import secrets
from typing import NamedTuple

_BYTES = 32
_PREFIX_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_PREFIX_LENGTH = 8
_KEY = re.compile(r"dt_([a-z0-9]{8})_[A-Za-z0-9_-]{43}")


class NewKey(NamedTuple):
    """An API key that was just made.

    Attributes:
        text: the whole key, which is shown once.
        prefix: the part of it that may be shown for ever.
        key_hash: what is kept of it.
    """

    text: str
    prefix: str
    key_hash: bytes


def new_token() -> str:
    """Return 256 random bits as text that fits a cookie."""
    return secrets.token_urlsafe(_BYTES)


def digest(token: str) -> bytes:
    """Return what is kept of a token.

    A token is random and long, so that nobody can try them all: what slows down guessing passwords is not needed.
    """
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def new_key() -> NewKey:
    """Make an API key such as `dt_k3v9xwab_...`."""
    prefix = "".join(secrets.choice(_PREFIX_LETTERS) for _ in range(_PREFIX_LENGTH))
    text = f"dt_{prefix}_{new_token()}"
    return NewKey(text, prefix, digest(text))


def looks_like_key(text: str) -> bool:
    """Return whether a text has the form of an API key; nothing else is worth a look into the database."""
    return _KEY.fullmatch(text) is not None
