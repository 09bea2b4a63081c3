"""How patient the AWS provider is."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """Settings of every client.

    Attributes:
        connect_timeout: how long a connection may take to open.
        read_timeout: how long an answer may take to come.
        attempts: how often a request is sent in all when AWS is busy or the connection fails. With the time-outs
            above, a call ends inside the two minutes that the built-in jobs allow.
        connections: how many connections to one service are kept open.
    """

    connect_timeout: timedelta = timedelta(seconds=5)
    read_timeout: timedelta = timedelta(seconds=30)
    attempts: int = 3
    connections: int = 32
