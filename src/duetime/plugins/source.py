"""Where a plugin comes from."""

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

from duetime.core.errors import InvalidDocument
from duetime.core.registry import BUILTIN


class SourceKind(StrEnum):
    """The two ways in which a plugin is given."""

    FOLDER = "folder"
    """A folder of Python files."""
    ENTRY_POINT = "entry_point"
    """An installed package that announces itself in the entry-point group `duetime.plugins`."""


@dataclass(frozen=True, slots=True)
class PluginSource:
    """One plugin that may be loaded.

    Attributes:
        name: unique among the plugins of an app; the folder's or the entry point's name.
        path: the folder; None for an entry point.
        entry: the module that the entry point names; None for a folder.
        version: the installed package's version; empty for a folder.
    """

    name: str
    kind: SourceKind
    path: Path | None = None
    entry: str | None = None
    version: str = ""

    def __post_init__(self) -> None:
        # These are owners that registries know already: a plugin of that name could pass for one of them.
        if self.name == BUILTIN or self.name.startswith("module ") or not self.name.strip():
            raise InvalidDocument(self.location, f"a plugin may not be called {self.name!r}; rename it")

    @classmethod
    def folder(cls, path: str | os.PathLike[str]) -> Self:
        """Return the plugin in a folder; a link to a folder gives the plugin the link's name."""
        absolute = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow the link
        return cls(name=absolute.name, kind=SourceKind.FOLDER, path=absolute)

    @classmethod
    def installed(cls, name: str, *, entry: str, version: str = "") -> Self:
        """Return the plugin behind an entry point."""
        return cls(name=name, kind=SourceKind.ENTRY_POINT, entry=entry, version=version)

    @property
    def location(self) -> str:
        """Where it is, for people: a path, or a module and its version."""
        if self.path is not None:
            return str(self.path)
        return f"{self.entry} {self.version}".strip()
