"""The emulated EC2, started and asked for its figures."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from types import TracebackType
from typing import NamedTuple, Self

REGIONS = ("eu-central-1", "eu-west-1", "us-east-1", "us-west-2")


class Figures(NamedTuple):
    """What the endpoint saw.

    Attributes:
        calls: requests by action, refused ones included.
        throttled: those that it refused.
        stopped: instances that went from running to stopped.
        first_call_at: when the first request came, in seconds of this machine's clock.
        last_stop_at: when the last instance stopped.
    """

    calls: Mapping[str, int]
    throttled: Mapping[str, int]
    stopped: int
    first_call_at: float | None
    last_stop_at: float | None


class Endpoint:
    """Runs while the block does, in a process of its own."""

    def __init__(self, *, accounts: int, instances: int, latency: float) -> None:
        """Start nothing yet.

        Args:
            accounts: how many accounts there are, each with every region.
            instances: how many instances each account has in each region.
            latency: seconds before every answer.
        """
        self.accounts = tuple(f"{number:012}" for number in range(111_000_000_001, 111_000_000_001 + accounts))
        self.instances = instances
        self._command = [sys.executable, "-m", "benchmarks.fleet.emulated_ec2", str(instances), str(latency)]
        self._child: subprocess.Popen[str] | None = None
        self._url = ""

    def __enter__(self) -> Self:
        self._child = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._child.stdout is not None
        self._url = f"http://127.0.0.1:{self._child.stdout.readline().strip()}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._child is not None:
            with self._child as child:
                child.terminate()

    @property
    def total(self) -> int:
        """How many instances there are in all."""
        return len(self.accounts) * len(REGIONS) * self.instances

    def url_of(self, account: str) -> str:
        """Return where an account is reached."""
        return f"{self._url}/{account}"

    def reset(self) -> None:
        """Let everything run again, with full buckets."""
        self._asked("reset")

    def figures(self) -> Figures:
        """Return what has happened since the last reset."""
        return Figures(**json.loads(self._asked("figures")))

    def _asked(self, question: str) -> bytes:
        with urllib.request.urlopen(f"{self._url}/{question}", timeout=30) as answer:
            content: bytes = answer.read()
        return content
