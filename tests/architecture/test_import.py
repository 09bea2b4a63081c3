"""Importing duetime must do nothing: no connection, no thread, no process, no look at the settings."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# Runs in a fresh interpreter: imports the modules named on standard input and prints what they did meanwhile.
WATCH = """
import importlib, json, os, sys, threading
import wsgiref.handlers  # the standard library's own copy of the environment, which prometheus_client brings in

WATCHED = {"os.fork", "os.posix_spawn", "socket.connect", "sqlite3.connect", "subprocess.Popen"}
deeds = []
module = None

def watch(event, arguments):
    if event in WATCHED:
        deeds.append(f"{module}: {event}")

class Environment(type(os.environ)):
    def __getitem__(self, key):
        if str(key).startswith("DUETIME_"):
            deeds.append(f"{module}: reads {key}")
        return super().__getitem__(key)

def start(thread):
    deeds.append(f"{module}: starts a thread")
    real_start(thread)

names = json.load(sys.stdin)
sys.addaudithook(watch)
os.environ.__class__ = Environment
real_start, threading.Thread.start = threading.Thread.start, start
for module in names:
    importlib.import_module(module)
print(json.dumps(deeds))
"""


@pytest.fixture
def module_names(sources: dict[str, str]) -> list[str]:
    """Return the name of every module that is there to be imported."""
    run_by_others = ("/__main__.py", "/migrations/env.py")
    names = []
    for path in sources:
        if not path.endswith(run_by_others):
            parts = Path(path).with_suffix("").parts[1:]
            names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return names


def test_importing_does_nothing(module_names: list[str]) -> None:
    assert not _deeds(module_names)


@pytest.mark.parametrize(
    ("body", "deed"),
    [
        ("import threading; threading.Thread(target=int).start()", "starts a thread"),
        ("import sqlite3; sqlite3.connect(':memory:')", "sqlite3.connect"),
        ("import os; os.environ.get('DUETIME_CANARY')", "reads DUETIME_CANARY"),
        ("import os; dict(os.environ)", "reads DUETIME_CANARY"),
    ],
    ids=["thread", "database", "setting", "environment"],
)
def test_the_watch_sees_what_it_must(tmp_path: Path, body: str, deed: str) -> None:
    (tmp_path / "culprit.py").write_text(body, encoding="utf-8")
    assert f"culprit: {deed}" in _deeds(["culprit"], path=tmp_path)


def _deeds(names: list[str], *, path: Path | None = None) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", WATCH],
        input=json.dumps(names),
        env={**os.environ, "DUETIME_CANARY": "1", "PYTHONPATH": str(path or "")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    deeds: list[str] = json.loads(done.stdout.splitlines()[-1])
    return deeds
