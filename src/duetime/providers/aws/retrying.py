"""When a request is sent again: the one place that decides, in place of the SDK's own retries.

Both would otherwise multiply: three attempts of the SDK inside three of ours are nine calls to a cloud that has just
said that it is busy. The SDK asks here after each attempt, and each attempt waits for its turn like a first one.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from botocore.exceptions import ClientError
from botocore.exceptions import ConnectionError as NeverConnected

from duetime.core.budgets import BudgetKey
from duetime.core.clock import Clock
from duetime.core.errors import Throttled
from duetime.providers.aws.counter import ApiCall, CallCounter
from duetime.providers.aws.credentials import RenewableCredentials
from duetime.providers.aws.errors import (
    NO_ANSWER,
    is_busy,
    is_of_capacity,
    is_of_credentials,
    mark_unanswered,
    marked,
    text_of,
    was_unanswered,
)
from duetime.providers.aws.families import family_of, limit_of
from duetime.providers.aws.options import ClientOptions
from duetime.providers.pacing import Pacer

_RENEWED = "duetime_renewed"
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 2.0
_ONLY_ONCE = ("Allocate", "Copy", "Create", "Invoke", "Publish", "Reboot", "Run", "Send")
"""Operations that do something once more when they are asked once more."""


@dataclass(frozen=True, slots=True)
class CallPlace:
    """Where the calls of one client go.

    Attributes:
        service: the SDK's name of the service.
    """

    account: str
    region: str
    service: str

    def __str__(self) -> str:
        return f"AWS account {self.account} in {self.region}"

    def key(self, operation: str) -> BudgetKey:
        """Return which budget pays for an operation."""
        return BudgetKey(self.account, self.region, family_of(self.service, operation))


@dataclass(frozen=True, slots=True)
class Pace:
    """What all clients of a process share.

    Attributes:
        clock: what dates in answers are compared with.
    """

    options: ClientOptions
    pacer: Pacer
    counter: CallCounter
    clock: Clock


class RetryPolicy:
    """Judges the attempts of one client.

    Args:
        credentials: what the client signs with; None when it cannot be renewed.
        confine: called with the URL of each request before it leaves.
    """

    def __init__(
        self,
        place: CallPlace,
        pace: Pace,
        *,
        credentials: RenewableCredentials | None,
        confine: Callable[[str], None],
    ) -> None:
        self._place = place
        self._pace = pace
        self._credentials = credentials
        self._confine = confine

    def govern(self, client: Any) -> None:
        """Take over the decisions of a client that was made without retries of its own."""
        events = client.meta.events
        events.register_first("before-send", self._leaving)
        events.register("response-received", mark_unanswered)
        events.register_first(f"needs-retry.{client.meta.service_model.service_id.hyphenize()}", self._answered)

    def _leaving(self, *, request: Any, event_name: str, **_: Any) -> None:
        """Called by the SDK with each request that is about to go out; an error keeps it from going."""
        self._confine(request.url)
        operation = event_name.rpartition(".")[2]
        key = self._place.key(operation)
        until = self._pace.pacer.take(key, limit_of(key.family, self._pace.options.limits))
        if until is not None:
            self._pace.counter.add_turned_away(key)
            problem = f"AWS is busy: the calls that {key.family} have for now are spent; {operation} was not sent"
            raise Throttled(str(self._place), problem, until=until)
        self._pace.counter.add(ApiCall(key.account, key.region, operation), family=key.family)

    def _answered(
        self,
        *,
        response: tuple[Any, Mapping[str, Any]] | None,
        operation: Any,
        attempts: int,
        caught_exception: Exception | None,
        request_dict: Mapping[str, Any],
        **_: Any,
    ) -> float | None:
        """Called by the SDK after each attempt; return the seconds after which to send again, or None."""
        context = request_dict["context"]
        is_last = attempts >= self._pace.options.attempts
        if response is None:
            return self._unanswered(operation.name, attempts, caught_exception, is_last=is_last)
        http, parsed = response
        code = str(parsed.get("Error", {}).get("Code") or "")
        if http.status_code < 300 and not code:
            return None
        if is_busy(code):
            return self._throttled(operation.name, http.headers, parsed, context, is_last=is_last)
        if is_of_credentials(code):
            return self._refused_caller(context)
        if is_last or is_of_capacity(code):
            return None
        if http.status_code >= 500 and (http.status_code == 503 or _is_repeatable(operation.name)):
            return _pause(attempts)
        return None

    def _unanswered(self, operation: str, attempts: int, error: Exception | None, *, is_last: bool) -> float | None:
        if is_last:
            return None
        never_left = isinstance(error, NeverConnected)
        if never_left or (isinstance(error, NO_ANSWER) and _is_repeatable(operation)):
            return _pause(attempts)
        return None

    def _throttled(
        self,
        operation: str,
        headers: Mapping[str, str],
        parsed: Mapping[str, Any],
        context: Mapping[str, Any],
        *,
        is_last: bool,
    ) -> float:
        """Slow the budget down. The next attempt asks it for its turn: it decides how long that is."""
        key = self._place.key(operation)
        self._pace.counter.add_throttle(key)
        until = self._pace.pacer.throttled(
            key,
            limit_of(key.family, self._pace.options.limits),
            retry_after=_retry_after(headers, now=self._pace.clock.now()),
        )
        if not is_last:
            return 0.0
        problem = f"AWS is busy: {operation} was refused: {text_of(ClientError(dict(parsed), operation))}"
        raise marked(Throttled(str(self._place), problem, until=until), unanswered=was_unanswered(context))

    def _refused_caller(self, context: Any) -> float | None:
        """Get other credentials, once for a call."""
        if self._credentials is None or context.get(_RENEWED):
            return None
        context[_RENEWED] = True
        self._credentials.renew()
        return 0.0


def _is_repeatable(operation: str) -> bool:
    return not operation.startswith(_ONLY_ONCE)


def _pause(attempts: int) -> float:
    return min(_FIRST_PAUSE * 2.0 ** (attempts - 1), _LONGEST_PAUSE) * random.uniform(0.5, 1.0)


def _retry_after(headers: Mapping[str, str], *, now: datetime) -> timedelta | None:
    """Return what the header `Retry-After` says, in either of its forms: seconds, or a date."""
    said = str(headers.get("retry-after") or headers.get("Retry-After") or "").strip()
    if not said:
        return None
    try:
        return timedelta(seconds=float(said))
    except (ValueError, OverflowError):
        pass
    try:
        date = parsedate_to_datetime(said)
    except ValueError:
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)) - now
