"""What the exit code of a command says; the same table stands in the documentation."""

from enum import IntEnum

from duetime.core.errors import Conflict, DuetimeError, Invalid, NotFound, Unavailable


class ExitCode(IntEnum):
    """How a command ended."""

    OK = 0
    """Done."""
    UNEXPECTED = 1
    """A fault of duetime itself."""
    INVALID = 2
    """The command, an argument, a setting or a file is wrong; the same command will always fail."""
    NOT_FOUND = 3
    """Something that the command names does not exist."""
    CONFLICT = 4
    """The present state of what it names does not allow it."""
    UNAVAILABLE = 5
    """The database, a cloud or another thing that is needed does not answer; it may work later."""
    ATTENTION = 6
    """Done as far as possible, and what was found or came of it needs somebody to look at it."""
    REPLACE_ME = 75
    """A worker whose slots are stuck asks its supervisor to start another; `duetime up` does."""
    INTERRUPTED = 130
    """Ended at once by a second Ctrl-C, or by the first one in a command that only waits."""
    PIPE_CLOSED = 141
    """Whoever read the output went away."""
    TERMINATED = 143
    """Ended at once by a second SIGTERM."""


_BY_FAMILY: tuple[tuple[type[DuetimeError], ExitCode], ...] = (
    (Invalid, ExitCode.INVALID),
    (NotFound, ExitCode.NOT_FOUND),
    (Conflict, ExitCode.CONFLICT),
    (Unavailable, ExitCode.UNAVAILABLE),
)


def exit_code_of(error: BaseException) -> ExitCode:
    """Return the exit code that an error leads to."""
    for family, code in _BY_FAMILY:
        if isinstance(error, family):
            return code
    return ExitCode.UNEXPECTED
