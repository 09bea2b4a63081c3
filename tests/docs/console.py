"""Runs the console blocks of a page as a reader would, and compares what is answered with what the page shows."""

import io
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

from tests.cli.conftest import eventually
from tests.cli.processes import DUETIME

from duetime.cli.main import run

_FENCE = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECOND_TERMINAL = "second terminal"
HOME = "/home/ana/greetings"
"""Where the pages say that their reader works."""

# What differs from one run to the next, in the order in which it is looked for.
_VARIABLE = (
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", "<instant>"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ UTC", "<instant>"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)", "<instant>"),
    (r"\b\d+(\.\d+)?(e-\d+)? (s|min|h|d)\b( \d+ (s|min|h)\b)?", "<span>"),
    (r'"duration": [\d.e-]+', '"duration": <span>'),
    (r"\bcli:\w+", "cli:ana"),
    (r"\b[0-9a-f]{64}\b", "<hash>"),
    (r"\b[a-z2-9]{4}(-[a-z2-9]{4}){4}\b", "<password>"),
    (r"\bdt_[a-z0-9]{8}_[\w-]{43}", "<key>"),
    (r"\bdt_[a-z0-9]{8}\b", "<prefix>"),
    (r"\b[\w.-]+:\d{2,}\b", "<worker>"),
)


@dataclass(frozen=True)
class Command:
    """One command of a page, and the answer that the page shows."""

    text: str
    shown: str


@dataclass
class Block:
    """One fenced block."""

    language: str
    title: str
    body: str

    def commands(self) -> Iterator[Command]:
        text: str | None = None
        shown: list[str] = []
        for row in self.body.splitlines():
            if row.startswith("$ "):
                if text is not None:
                    yield Command(text, "\n".join(shown))
                text, shown = row[2:], []
            else:
                shown.append(row)
        if text is not None:
            yield Command(text, "\n".join(shown))


def blocks_of(page: Path) -> list[Block]:
    """Return the fenced blocks of a page that have a language."""
    found = _FENCE.findall(page.read_text(encoding="utf-8"))
    return [Block(language, title, body) for language, title, body in found]


def normal(text: str, *, folder: Path) -> str:
    """Return the words of an answer, in one order, without what differs from one run to the next.

    A table that is folded at another width has its words in another order, hence the sorting.
    """
    text = " ".join(text.replace(str(folder), HOME).split())
    for pattern, name in _VARIABLE:
        text = re.sub(pattern, name, text)
    return " ".join(sorted(text.split()))


@dataclass
class Reader:
    """Somebody who follows a page, in a folder of their own."""

    folder: Path
    problems: list[str] = field(default_factory=list)
    transcript: list[str] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)

    def follow(self, page: Path) -> None:
        """Do everything that the page asks for, and note where its answers are not the true ones."""
        with self._stack:
            for block in blocks_of(page):
                if block.language in ("python", "toml", "yaml") and block.title:
                    path = self.folder / block.title
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(block.body, encoding="utf-8")
                elif block.language == "console" and block.title == SECOND_TERMINAL:
                    self._open_terminal(block)
                elif block.language == "console":
                    for command in block.commands():
                        self._type(command)

    def _type(self, command: Command) -> None:
        answers: list[str] = []

        def is_as_shown() -> bool:
            answers.append(self._answer(command.text))
            return normal(answers[-1], folder=self.folder) == normal(command.shown, folder=self.folder)

        # Only what merely looks may be asked twice; it may take a moment until there is something to see.
        looks = re.search(r" (list|show|stats|doctor|types)\b", command.text) is not None
        try:
            eventually(is_as_shown, seconds=15 if looks else 0)
        except AssertionError:
            self.problems.append(f"$ {command.text}\n{answers[-1]}")
        self.transcript.append(f"$ {command.text}\n{answers[-1].replace(str(self.folder), HOME)}")

    def _answer(self, text: str) -> str:
        """Return what a command of ours says; it runs in this process, which is quicker than one for each."""
        program, *arguments = shlex.split(text)
        assert program == "duetime", f"this reader does not know how to type: {text}"
        said = io.StringIO()
        with chdir(self.folder), redirect_stdout(said), redirect_stderr(said):
            run(arguments)
        return said.getvalue().rstrip()

    def _open_terminal(self, block: Block) -> None:
        (command,) = block.commands()
        process = self._stack.enter_context(
            subprocess.Popen([DUETIME, *command.text.split()[1:]], cwd=self.folder, stderr=subprocess.DEVNULL)
        )
        self._stack.callback(process.send_signal, signal.SIGINT)
        eventually(lambda: "beat" in self._answer("duetime doctor"), seconds=60)
