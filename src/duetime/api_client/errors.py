"""What the client raises: the server's problems, with their fields, and its silence."""

from collections.abc import Mapping, Sequence
from typing import Any

from duetime.core.errors import DuetimeError, Unavailable


class ApiProblem(DuetimeError):
    """An answer that refuses, as a problem document (RFC 9457).

    Attributes:
        status: the HTTP status, such as 404.
        kind: what kind of problem it is, such as `UnknownName`; empty when the server did not say.
        detail: what is wrong and what to do.
        near: known names that look like the one that is not known.
        faults: the parts of the request that do not fit, each with `where` or `line` and `column`, and `problem`.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        kind: str = "",
        near: Sequence[str] = (),
        faults: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.status = status
        self.detail = detail
        self.kind = kind
        self.near = tuple(near)
        self.faults = tuple(faults)
        super().__init__(f"{status} {kind}: {detail}" if kind else f"{status}: {detail}")


class ApiUnreachable(Unavailable):
    """A server that did not answer, after all tries.

    Attributes:
        url: what was asked.
        problem: what was wrong.
    """

    def __init__(self, url: str, problem: str) -> None:
        self.url = url
        self.problem = problem
        super().__init__(f"{url} does not answer: {problem}. Whether a change was made is not known; repeat it.")
