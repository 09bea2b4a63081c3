"""Regular expressions that cannot run away.

They are RE2's: a search takes time in proportion to the text, whatever the expression and whoever wrote the text. What
cannot be had at that price, lookaround and back references, is refused when the bot is applied.
"""

from functools import lru_cache
from typing import Any

import re2

from duetime.core.errors import Invalid
from duetime.core.sanitising import clean_text

LONGEST = 1000
"""Characters of a pattern."""
_MEMORY = 1 << 20
"""Bytes that one compiled pattern may take; RE2 refuses what needs more, such as `((a{100}){100}){100}`."""
_LACKS = {
    "invalid perl operator: (?=": "RE2 has no lookahead",
    "invalid perl operator: (?!": "RE2 has no lookahead; ask with a `not` filter around a plain pattern",
    "invalid perl operator: (?<": "RE2 has no lookbehind",
    "invalid named capture group: (?<": "RE2 has no lookbehind",
    "bad repetition operator": "RE2 has no possessive repetition",
    "pattern too large": "it takes too much memory when it is compiled; repeat less",
    "invalid repetition size": "it repeats more than 1000 times; repeat less",
}


class InvalidPattern(Invalid):
    """A regular expression that does not compile."""

    def __init__(self, pattern: str, problem: str) -> None:
        self.pattern = pattern
        self.problem = problem
        super().__init__(f"The regular expression {pattern[:60]!r} is refused: {problem}.")


def check_pattern(pattern: str) -> None:
    """Refuse a pattern that could not be asked.

    Raises:
        InvalidPattern: it is too long, holds what no text can hold, or is no regular expression in RE2 syntax.
    """
    _compiled(pattern)


def is_found(pattern: str, text: str) -> bool:
    """Return whether `pattern` is found anywhere in `text`, as the inventory keeps it; `^` and `$` tie it to the ends.

    Raises:
        InvalidPattern: it does not compile.
    """
    return _compiled(pattern).search(clean_text(text)) is not None


@lru_cache(maxsize=128)
def _compiled(pattern: str) -> Any:
    if len(pattern) > LONGEST:
        raise InvalidPattern(pattern, f"it has {len(pattern)} characters, more than {LONGEST}")
    if clean_text(pattern) != pattern:
        raise InvalidPattern(pattern, "it holds NUL or half of a surrogate pair, which no text of a resource does")
    options = re2.Options()
    options.log_errors = False  # or RE2 writes to standard error by itself
    options.max_mem = _MEMORY
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise InvalidPattern(pattern, _in_words(error)) from None


def _in_words(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    if text.startswith("invalid escape sequence: \\") and text[-1:].isdigit():
        return f"{text}; RE2 has no back references"
    lacks = next((words for start, words in _LACKS.items() if text.startswith(start)), None)
    return f"{text}; {lacks}" if lacks else f"{text}; it must be a regular expression in RE2 syntax"
