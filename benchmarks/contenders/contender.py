"""What every contender can do."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from benchmarks.databases import Target
from benchmarks.processes import Gate
from benchmarks.workload import Wish


class Span(NamedTuple):
    """When one process worked, on the clock that all processes of a machine share.

    Attributes:
        transactions: how many writing transactions it took.
    """

    began: float
    ended: float
    transactions: int


class Contender(Protocol):
    """Does the work in a process of its own."""

    def schedule(self, target: Target, wished: Sequence[Wish], gate: Gate) -> float:
        """Schedule all wishes at once; return the seconds it took."""

    def drain(self, target: Target, gate: Gate) -> Span:
        """Run everything that is due; return from the first claim to the last written history row."""

    def delay(self, target: Target, gate: Gate) -> Span:
        """Run everything that falls due until nothing is left."""
