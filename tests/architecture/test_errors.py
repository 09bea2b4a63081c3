import inspect
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import get_type_hints

import pytest

from duetime.core import errors
from duetime.core.errors import Conflict, DuetimeError, Invalid, NotFound, Unavailable

FAMILIES = (Invalid, NotFound, Conflict, Unavailable)
LEAVES = [
    value
    for value in vars(errors).values()
    if inspect.isclass(value) and issubclass(value, DuetimeError) and value not in (DuetimeError, *FAMILIES)
]
SAMPLES: dict[object, object] = {
    str: "sample",
    int: 7,
    object: "sample",
    str | None: "sample",
    int | None: 7,
    Sequence[str]: ("first", "second"),
    datetime: datetime(2026, 3, 2, 19, tzinfo=UTC),
}
WHOLE_SENTENCES = {"remedy": "Try again."}


@pytest.mark.parametrize("error", LEAVES)
def test_every_error_says_who_must_react(error: type[DuetimeError]) -> None:
    assert sum(issubclass(error, family) for family in FAMILIES) == 1


@pytest.mark.parametrize("every", [False, True], ids=["required", "all"])
@pytest.mark.parametrize("error", LEAVES)
def test_every_error_writes_whole_sentences(error: type[DuetimeError], every: bool) -> None:
    text = str(_build(error, every=every))
    assert text.endswith((".", "?")), text
    assert text.startswith("sample") or not text[0].islower(), text
    assert "  " not in text, text
    assert ".." not in text, text


def _build(error: type[DuetimeError], *, every: bool) -> DuetimeError:
    """Build an error with sample values for the parameters it requires, or for all of them."""
    hints = get_type_hints(error.__init__)
    positional: list[object] = []
    keywords: dict[str, object] = {}
    for name, parameter in inspect.signature(error).parameters.items():
        if parameter.default is not inspect.Parameter.empty and not every:
            continue
        value = WHOLE_SENTENCES.get(name, SAMPLES[hints[name]])
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            keywords[name] = value
        else:
            positional.append(value)
    return error(*positional, **keywords)
