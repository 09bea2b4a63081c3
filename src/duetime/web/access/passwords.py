"""Passwords: what they must be like, and how they are kept."""

import secrets
import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from duetime.core.errors import Invalid
from duetime.web.errors import TooManyAttempts

SHORTEST = 12
LONGEST = 1000
"""Longer ones would only keep the server busy."""
_FEWEST_CHARACTERS = 5
_AT_ONCE = 4
"""How many are worked on at a time: each takes 64 MiB, and a flood of logins must not take all of the memory."""
_WAIT_SECONDS = 10


def require_good(password: str, *, login: str) -> None:
    """Refuse a password that is easy to guess.

    Raises:
        Invalid: it is too short, too long, too plain, or holds the login's own name.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        message = (
            f"A password has {SHORTEST} to {LONGEST} characters; several words that do not belong together do well."
        )
        raise Invalid(message)
    if len(set(password)) < _FEWEST_CHARACTERS:
        message = f"A password has at least {_FEWEST_CHARACTERS} different characters."
        raise Invalid(message)
    own = login.partition("@")[0]
    if len(own) > 2 and own.casefold() in password.casefold():
        message = "A password does not hold the name of its login."
        raise Invalid(message)


def new_password() -> str:
    """Return a random password of 100 bits that can be read out: `k3v9-xwab-...`."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(5))


class Passwords:
    """Keeps passwords as argon2id."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """Make nothing yet.

        Args:
            hasher: with parameters of its own; None = those that argon2-cffi recommends (RFC 9106, low memory).
        """
        self._hasher = hasher or PasswordHasher()
        self._slots = threading.BoundedSemaphore(_AT_ONCE)
        self._nobody: str | None = None

    def hash(self, password: str) -> str:
        """Return what is kept of a password."""
        with self._slots:
            return self._hasher.hash(_octets(password))

    def fits(self, password: str, kept: str | None) -> bool:
        """Return whether a password is the one that is kept.

        It takes the same time when nothing is kept, so that nobody learns which logins there are.

        Raises:
            TooManyAttempts: too many are checked at this moment.
        """
        if not self._slots.acquire(timeout=_WAIT_SECONDS):
            raise TooManyAttempts(_WAIT_SECONDS)
        try:
            if self._nobody is None:
                self._nobody = self._hasher.hash(secrets.token_urlsafe())
            self._hasher.verify(self._nobody if kept is None else kept, _octets(password[: LONGEST + 1]))
        except (VerificationError, InvalidHashError):
            return False
        finally:
            self._slots.release()
        return kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Return whether a password is kept with other parameters than new ones are."""
        return self._hasher.check_needs_rehash(kept)


def _octets(password: str) -> bytes:
    """Return a password in one form: keyboards write the same letter in several ways."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
