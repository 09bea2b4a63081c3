"""Runs one PostgreSQL server for as long as its standard input is open.

A process of its own, so that the server ends with the test session however that ends, `kill -9` included. It says
`ready` when the server takes connections. On `fast` or `immediate` it stops the server and keeps the data; at the end
of input it stops the server and deletes the folder.

Usage: postgresql_keeper.py FOLDER USER COMMAND...
"""

import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from pwd import getpwnam
from typing import Any

READY = "database system is ready to accept connections"
SIGNALS = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT, "": signal.SIGINT}


def main() -> int:
    """Run the server; return its exit code."""
    folder, user, *command = sys.argv[1:]
    identity: dict[str, Any] = {"user": user, "group": getpwnam(user).pw_gid, "extra_groups": []} if user else {}
    log = (Path(folder) / "server.log").open("a", encoding="utf-8")
    server = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.PIPE, text=True, **identity
    )
    asked: list[str] = []

    def obey() -> None:
        asked.append(sys.stdin.readline().strip())
        server.send_signal(SIGNALS[asked[0]])

    threading.Thread(target=obey, daemon=True).start()
    assert server.stderr is not None
    for line in server.stderr:
        print(line, end="", file=log, flush=True)
        if READY in line:
            print("ready", flush=True)  # noqa: T201 - what the session waits for
    code = server.wait()
    log.close()
    if asked == [""]:
        shutil.rmtree(folder, ignore_errors=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
