"""`plugin.json`: which modules of a folder are the plugin's."""

import json
from pathlib import Path, PurePosixPath
from typing import Any, Never

from duetime.core.errors import InvalidDocument, nearest

MANIFEST = "plugin.json"
_MODULES = "initial_modules"
_EXAMPLE = f'write {{"{_MODULES}": ["plugin.py", "events.py"]}}'


class _Twice(ValueError):
    """A key that stands twice in one JSON object."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"{key!r} stands here twice")


def read_manifest(folder: Path) -> tuple[str, ...] | None:
    """Return the files that the folder's `plugin.json` names, or None without one.

    Raises:
        InvalidDocument: it does not say what it must; with the line.
    """
    path = folder / MANIFEST
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InvalidDocument(str(path), f"it cannot be read: {error.strerror}") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidDocument(str(path), "it is not UTF-8", line=line) from error
    return _Manifest(folder, text).modules()


class _Manifest:
    def __init__(self, folder: Path, text: str) -> None:
        self._folder = folder
        self._text = text

    def modules(self) -> tuple[str, ...]:
        body = self._parse()
        if not isinstance(body, dict):
            self._refuse(f"a JSON object is wanted; {_EXAMPLE}")
        for key in body:
            if key != _MODULES:
                near = " or ".join(nearest(key, [_MODULES]))
                hint = f"; did you mean {near}" if near else f"; only {_MODULES} is known"
                self._refuse(f"{key!r} is unknown{hint}", at=json.dumps(key))
        if _MODULES not in body:
            self._refuse(f"{_MODULES} is missing; {_EXAMPLE}")
        names = body[_MODULES]
        if not isinstance(names, list) or not names:
            self._refuse(f"{_MODULES} must be a list of file names; {_EXAMPLE}", at=json.dumps(_MODULES))
        return tuple(dict.fromkeys(self._file(name) for name in names))

    def _parse(self) -> Any:
        try:
            return json.loads(self._text, object_pairs_hook=_once_each)
        except json.JSONDecodeError as error:
            raise InvalidDocument(
                str(self._folder / MANIFEST), f"it is no JSON: {error.msg}", line=error.lineno, column=error.colno
            ) from error
        except _Twice as error:
            self._refuse(str(error), at=json.dumps(error.key))
        except RecursionError:
            self._refuse("it is nested too deeply")

    def _file(self, name: object) -> str:
        """Return one entry, checked: a Python file inside the folder that can be imported."""
        at = json.dumps(name, ensure_ascii=False)
        if not isinstance(name, str) or not name.endswith(".py"):
            self._refuse(f"{at} is no Python file name; {_EXAMPLE}", at=at)
        path = PurePosixPath(name)
        parts = path.with_suffix("").parts
        if path.is_absolute() or "\\" in name or any("." in part for part in parts):
            self._refuse(f"{at} must name a module inside the folder, such as plugin.py", at=at)
        if not (self._folder / path).is_file():
            there = [str(file.relative_to(self._folder)) for file in self._folder.rglob("*.py")]
            near = " or ".join(nearest(name, there))
            self._refuse(f"there is no file {at}" + (f"; did you mean {near}" if near else ""), at=at)
        return str(path)

    def _refuse(self, problem: str, *, at: str | None = None) -> Never:
        place = self._text.find(at) if at else -1
        line = self._text.count("\n", 0, max(place, 0)) + 1
        raise InvalidDocument(str(self._folder / MANIFEST), problem, line=line)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    body = dict(pairs)
    if len(body) < len(pairs):
        raise _Twice(next(key for number, (key, _) in enumerate(pairs) if key in dict(pairs[:number])))
    return body
