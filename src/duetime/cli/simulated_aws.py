"""A simulated AWS on loopback: moto's server in a process of its own.

A process, not a thread: the simulation would compete with the worker for the interpreter, and moto reads its settings
from the environment, which is then the child's alone.
"""

import importlib.util
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from types import TracebackType
from typing import IO, Self

from duetime.core.errors import ProviderFailed

_HOST = "127.0.0.1"
_OURS = ("AWS_", "MOTO_")
_ENVIRONMENT = {
    # Reading the list of public images takes 3.5 s per account and region, and nothing asks for it.
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
}


class SimulatedAws:
    """Runs while the block does; it also ends when this process dies, because the child reads its standard input.

    Attributes:
        endpoint_url: where it answers.
    """

    def __init__(self) -> None:
        self.endpoint_url = ""
        self._child: subprocess.Popen[str] | None = None
        self._errors: IO[str] | None = None

    def __enter__(self) -> Self:
        if importlib.util.find_spec("moto") is None:
            raise ProviderFailed("The simulated AWS", "it is not installed; run pip install 'duetime[demo]'")
        self._errors = tempfile.TemporaryFile("w+")
        self._child = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=child_environment(os.environ),
            # Ctrl-C is for the command: the cloud must outlive its orderly end.
            start_new_session=True,
        )
        port = self._child.stdout.readline().strip() if self._child.stdout else ""
        if not port:
            self._errors.seek(0)
            problem = self._errors.read().strip().rpartition("\n")[2] or "it ended without a word"
            self._end()
            raise ProviderFailed("The simulated AWS", f"it did not start: {problem.rstrip('.')}")
        self.endpoint_url = f"http://{_HOST}:{port}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    @property
    def process_id(self) -> int:
        """The process it runs in."""
        return self._child.pid if self._child else 0

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            with child:
                child.terminate()
        if self._errors is not None:
            self._errors.close()


def child_environment(parent: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the simulation: ours without what is said to a cloud or to moto."""
    return {name: value for name, value in parent.items() if not name.startswith(_OURS)} | _ENVIRONMENT


def _serve() -> None:
    """Be the child: answer on a free port, say which, and end when standard input does."""
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(_HOST, 0, verbose=False)
    server.start()
    sys.stdout.write(f"{server.get_host_and_port()[1]}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    _serve()
