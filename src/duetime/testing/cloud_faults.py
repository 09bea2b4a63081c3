"""What can go wrong between duetime and AWS, to be declared to a `FaultProxy`."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from random import Random
from typing import Any

from duetime.testing.aws_answer import Answer, error_answer, throttling_code
from duetime.testing.aws_batch import with_failures, without_ids
from duetime.testing.aws_request import AwsRequest

Forward = Callable[[AwsRequest], Answer]
"""Asks the cloud behind."""


@dataclass(kw_only=True)
class Fault:
    """Something that strikes some requests. Names are compared as file names are: `*` and `?` stand for anything.

    Attributes:
        service: the service as requests are signed for it, such as `ec2`.
        operation: AWS's name, such as `StopInstances`; of services that speak REST, `METHOD /path`.
        account, region: where the request goes.
        ids: only requests that name one of these; empty = any.
        times: how many requests it strikes; None = all.
        chance: the share of the requests that it strikes, chosen by `seed`.
        after: how long after it was added it begins to strike.
        lasts: how long it strikes from then on; None = for ever.
    """

    service: str = "*"
    operation: str = "*"
    account: str = "*"
    region: str = "*"
    ids: tuple[str, ...] = ()
    times: int | None = None
    chance: float = 1.0
    seed: int = 0
    after: timedelta = timedelta(0)
    lasts: timedelta | None = None
    struck: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._random = Random(self.seed)

    def concerns(self, request: AwsRequest, *, age: timedelta) -> bool:
        """Return whether it is about this request, `age` after it was added."""
        if age < self.after or (self.lasts is not None and age >= self.after + self.lasts):
            return False
        names = (
            (request.service, self.service),
            (request.operation, self.operation),
            (request.account, self.account),
            (request.region, self.region),
        )
        if not all(fnmatchcase(name, pattern) for name, pattern in names):
            return False
        return self.names_one(request)

    def names_one(self, request: AwsRequest) -> bool:
        """Return whether a request names one of the ids that this is about."""
        return not self.ids or not request.named.isdisjoint(self.ids)

    def strikes(self) -> bool:
        """Return whether it strikes a request that it is about, and count that."""
        with self._lock:
            if self.times is not None and self.struck >= self.times:
                return False
            if self.chance < 1.0 and self._random.random() >= self.chance:
                return False
            self.struck += 1
            return True

    def handle(self, request: AwsRequest, forward: Forward, *, age: timedelta) -> Answer:
        """Answer a request that it strikes; `forward` asks what lies behind."""
        raise NotImplementedError


@dataclass(kw_only=True)
class Refusal(Fault):
    """The request is refused as a whole and nothing is done, as EC2 does when one of many may not be touched."""

    code: str
    message: str = "refused"
    status: int = 400

    def handle(self, request: AwsRequest, forward: Forward, *, age: timedelta) -> Answer:
        del forward, age
        return error_answer(request, self.code, self.message, status=self.status)


@dataclass(kw_only=True)
class Throttle(Fault):
    """Too many calls: the code and status of each protocol, and `Retry-After` when seconds are given."""

    retry_after: int | None = None

    def handle(self, request: AwsRequest, forward: Forward, *, age: timedelta) -> Answer:
        del forward, age
        return too_many(request, retry_after=self.retry_after)


@dataclass(kw_only=True)
class RequestLimit(Fault):
    """A token bucket for each account, region and operation: EC2's request limits.

    Attributes:
        rate: requests that it gains in a second.
        burst: requests that it holds at most.
        per_operation: False = one bucket for all the operations that this fault is about.
    """

    rate: float
    burst: float
    per_operation: bool = True
    refused: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._buckets: dict[tuple[str, ...], tuple[float, float]] = {}

    def handle(self, request: AwsRequest, forward: Forward, *, age: timedelta) -> Answer:
        key = (request.account, request.region, request.operation if self.per_operation else "")
        now = age.total_seconds()
        with self._lock:
            tokens, filled_at = self._buckets.get(key, (self.burst, now))
            tokens = min(self.burst, tokens + max(now - filled_at, 0.0) * self.rate)
            allowed = tokens >= 1
            self._buckets[key] = (tokens - 1 if allowed else tokens, now)
            self.refused += not allowed
        return forward(request) if allowed else too_many(request)


@dataclass(kw_only=True)
class Latency(Fault):
    """The answer takes longer."""

    seconds: float

    def handle(self, request: AwsRequest, forward: Forward, *, age: timedelta) -> Answer:
        del age
        # A true wait: what is measured through the proxy runs on the system's clock.
        threading.Event().wait(self.seconds)
        return forward(request)


@dataclass(kw_only=True)
class Breakdown(Fault):
    """AWS breaks down over the request, with 500 or 503; before anything is done, or after it."""

    status: int = 500
    forwarded: bool = False

    def handle(self, request: AwsRequest, forward: Forward, *, age: timedelta) -> Answer:
        del age
        if self.forwarded:
            forward(request)
        code = "Unavailable" if self.status == 503 else "InternalError"
        return error_answer(request, code, "An internal error has occurred", status=self.status)


@dataclass(kw_only=True)
class Cut(Fault):
    """The connection breaks without an answer; before anything is done, or after it."""

    forwarded: bool = False

    def handle(self, request: AwsRequest, forward: Forward, *, age: timedelta) -> Answer:
        del age
        if self.forwarded:
            forward(request)
        return Answer(0, cut=True)


@dataclass(kw_only=True)
class LeftOut(Fault):
    """Some of a batch are refused and the others are served: those in `ids`, which must be given.

    In EC2's form they are merely missing in the answer. In JSON they stand under `failed`, as batch operations of SQS
    say it.

    Attributes:
        code: why, in JSON.
        failed: where a JSON answer names them.
    """

    code: str = "InternalError"
    failed: str = "Failed"

    def handle(self, request: AwsRequest, forward: Forward, *, age: timedelta) -> Answer:
        del age
        rest, left_out = without_ids(request, set(self.ids))
        answer = forward(rest)
        return with_failures(answer, left_out, key=self.failed, code=self.code) if left_out else answer


def insufficient_capacity(*ids: str, **where: Any) -> Refusal:
    """Return EC2's refusal to start instances for which it has no room."""
    message = "We currently do not have sufficient capacity in the Availability Zone you requested"
    where = {"operation": "StartInstances", "status": 500, **where}  # with the status of a fault of its own
    return Refusal(ids=ids, code="InsufficientInstanceCapacity", message=message, **where)


def protected(*ids: str, **where: Any) -> Refusal:
    """Return EC2's refusal to stop or terminate instances whose attributes forbid it."""
    message = "The instance may not be stopped or terminated. Modify its protection attribute and try again"
    where = {"operation": "[ST]*Instances", **where}
    return Refusal(ids=ids, code="OperationNotPermitted", message=message, **where)


def expired_credentials(**where: Any) -> Refusal:
    """Return AWS's refusal of a session that is over, in the code of each service's family."""
    code = "RequestExpired" if where.get("service") == "ec2" else "ExpiredToken"
    return Refusal(code=code, message="The security token included in the request is expired", **where)


def too_many(request: AwsRequest, *, retry_after: int | None = None) -> Answer:
    """Return the answer to one call too many."""
    code, status = throttling_code(request)
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return error_answer(request, code, "Rate exceeded", status=status, headers=headers)
