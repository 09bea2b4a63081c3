"""What went wrong inside a plugin, and on which of its lines."""

import inspect
import traceback
from dataclasses import dataclass

from duetime.core.errors import PluginFailed
from duetime.plugins.module_space import ModuleSpace


@dataclass(frozen=True, slots=True)
class Fault:
    """One failure of a plugin's code.

    Attributes:
        file: the plugin's file; None when the failure is not in its code.
    """

    problem: str
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        return self.problem if self.file is None else f"{self.file}:{self.line}: {self.problem}"

    def as_error(self, plugin: str) -> PluginFailed:
        return PluginFailed(plugin, self.problem, file=self.file, line=self.line)


def fault_of(error: BaseException, *, space: ModuleSpace) -> Fault:
    """Return what `error` says, at the innermost line of the plugin that led to it."""
    problem = _say(error).replace(space.package, space.known_as).rstrip(". ")
    if isinstance(error, SyntaxError) and error.filename and space.holds(error.filename):
        return Fault(problem, error.filename, error.lineno or 1)
    places = [
        (frame.f_code.co_filename, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if space.holds(frame.f_code.co_filename)
    ]
    return Fault(problem, *places[-1]) if places else Fault(problem)


def fault_at(item: object, error: BaseException, *, space: ModuleSpace) -> Fault:
    """Return what `error` says of a class or function of the plugin, at the line where that is defined."""
    problem = _say(error).replace(space.package, space.known_as).rstrip(". ")
    try:
        file, (_, line) = inspect.getsourcefile(item), inspect.getsourcelines(item)  # type: ignore[arg-type]
    except (OSError, TypeError):  # neither a class nor a function, or made at run time
        return Fault(problem)
    return Fault(problem, file, line)


def _say(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"it tried to end the process with sys.exit({'' if error.code is None else repr(error.code)})"
    try:
        text = error.msg if isinstance(error, SyntaxError) else str(error)
    except Exception:  # noqa: BLE001 - an error of somebody else's, with a __str__ of somebody else's
        text = "its message cannot be shown"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
