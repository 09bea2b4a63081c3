"""A visit to the identity provider: what ties the answer to the browser that asked."""

import base64
import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import ClassVar, Self

from duetime.web.access.tokens import new_token
from duetime.web.errors import IdentityRefused


@dataclass(frozen=True, slots=True)
class Pending:
    """A visit to the provider that has begun; the browser keeps it in a cookie until it comes back.

    Attributes:
        state: comes back in the address: it ties the answer to this browser.
        nonce: comes back inside of the signed token: it ties the token to this visit.
        verifier: proves to the provider that the code is used by whoever asked for it.
        after: where to go once logged in.
    """

    LIFE: ClassVar[timedelta] = timedelta(minutes=15)

    state: str
    nonce: str
    verifier: str
    after: str

    @classmethod
    def begin(cls, after: str) -> Self:
        """Begin a visit."""
        return cls(new_token(), new_token(), new_token() + new_token(), after)

    def write(self) -> str:
        """Return it as text that fits a cookie."""
        return base64.urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode()

    @classmethod
    def read(cls, text: str | None) -> Self:
        """Return what a cookie holds.

        Raises:
            IdentityRefused: there is none, or nothing that was written here.
        """
        try:
            body = json.loads(base64.urlsafe_b64decode(text or ""))
            made = cls(**body)
        except (ValueError, TypeError, RecursionError):
            raise IdentityRefused("it began too long ago or in another browser; begin again") from None
        if not all(isinstance(part, str) and part for part in asdict(made).values()):
            raise IdentityRefused("it began too long ago or in another browser; begin again")
        return made
