"""Credentials that can be got anew when AWS says that they have expired."""

import math
import threading
from collections.abc import Callable
from typing import Any

from botocore.credentials import DeferredRefreshableCredentials

from duetime.core.clock import Clock
from duetime.providers.aws.access import Access

_RENEWED_AGAIN_AFTER = 5.0


class RenewableCredentials:
    """Stands for credentials of the SDK, and puts others in their place when told to.

    The SDK renews what it knows the end of. It does not know of a session that was revoked, of a clock that is wrong,
    or of a file of credentials that somebody has just written.
    """

    def __init__(self, make: Callable[[], Any], *, clock: Clock) -> None:
        self._make = make
        self._clock = clock
        self._lock = threading.Lock()
        self._present = make()
        self._made_at = -math.inf

    @property
    def are_there(self) -> bool:
        """Whether any were found."""
        return self._present is not None

    def renew(self) -> None:
        """Get others in their place, unless that was just done: fifty threads may be refused at once."""
        with self._lock:
            if self._clock.monotonic() - self._made_at >= _RENEWED_AGAIN_AFTER:
                self._present = self._make() or self._present  # the file may be gone while somebody writes it
                self._made_at = self._clock.monotonic()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._present, name)


class GivenCredentials:
    """Takes the place of the SDK's search for credentials."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials

    def load_credentials(self) -> Any:
        return self._credentials


def role_credentials(sts: Any, access: Access) -> Any:
    """Return credentials of the role, fetched when first needed and again before they expire."""
    arguments = {"RoleArn": access.role_arn, "RoleSessionName": "duetime"}
    if access.external_id:
        arguments["ExternalId"] = access.external_id

    def fetch() -> dict[str, str]:
        given = sts.assume_role(**arguments)["Credentials"]
        return {
            "access_key": given["AccessKeyId"],
            "secret_key": given["SecretAccessKey"],
            "token": given["SessionToken"],
            "expiry_time": given["Expiration"].isoformat(),
        }

    return DeferredRefreshableCredentials(refresh_using=fetch, method="duetime-role")
