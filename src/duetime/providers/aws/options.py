"""How patient the AWS provider is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from duetime.core.budgets import Limit
from duetime.providers.aws.families import LIMITS
from duetime.providers.pacing import PATIENCE


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """Settings of every client.

    Attributes:
        connect_timeout: how long a connection may take to open.
        read_timeout: how long an answer may take to come.
        attempts: how often a request is sent in all when AWS is busy or the connection fails. With the time-outs
            above, a call ends inside the two minutes that the built-in jobs allow.
        connections: how many connections to one service are kept open.
        patience: how long one attempt may wait for its turn; beyond that it is not made.
        limits: what AWS allows an operation family at best, where that is not the usual; see `families`.
    """

    connect_timeout: timedelta = timedelta(seconds=5)
    read_timeout: timedelta = timedelta(seconds=30)
    attempts: int = 3
    connections: int = 32
    patience: timedelta = PATIENCE
    limits: Mapping[str, Limit] = field(default_factory=lambda: LIMITS)
