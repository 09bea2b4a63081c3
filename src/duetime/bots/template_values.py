"""Templates inside JSON values: the texts of an event's arguments, at any depth."""

from collections.abc import Iterator, Mapping
from typing import Any

from duetime.bots.templates import TemplateFailed, render, template_problem
from duetime.core.errors import InvalidSetting

_MARKS = ("{{", "{%", "{#")


def check_value(name: str, value: Any) -> None:
    """Refuse a value in which a text is a faulty template.

    Raises:
        InvalidSetting: with the name of the setting, and where in it the text stands.
    """
    for path, text in _texts(value):
        problem = template_problem(text)
        if problem is not None:
            raise InvalidSetting(name, f"{'.'.join(path)}: {problem}" if path else problem)


def render_value(value: Any, names: Mapping[str, Any], *, path: tuple[str, ...] = ()) -> Any:
    """Return a JSON value with each of its texts rendered; keys, numbers and truth values stay as they are.

    Raises:
        TemplateFailed: one of them cannot be rendered; where it stands is said.
    """
    if isinstance(value, str):
        return _render(value, names, path) if any(mark in value for mark in _MARKS) else value
    if isinstance(value, Mapping):
        return {key: render_value(part, names, path=(*path, str(key))) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [render_value(part, names, path=(*path, str(index))) for index, part in enumerate(value)]
    return value


def _render(text: str, names: Mapping[str, Any], path: tuple[str, ...]) -> str:
    try:
        return render(text, names)
    except TemplateFailed as error:
        raise TemplateFailed(f"{'.'.join(path)}: {error.problem}" if path else error.problem) from None


def _texts(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _texts(part, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from _texts(part, (*path, str(index)))
