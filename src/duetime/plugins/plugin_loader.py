"""How the import system runs one file of a plugin."""

from collections.abc import Mapping
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any


class PluginLoader(SourceFileLoader):
    """Runs one file of a plugin, always from its source.

    Args:
        fullname: the module's name.
        path: the file.
        builtins: what the file's code finds as builtins.
        optional: whether the file may be missing; it then counts as empty.
    """

    def __init__(self, fullname: str, path: str, *, builtins: Mapping[str, Any], optional: bool = False) -> None:
        super().__init__(fullname, path)
        self._builtins = builtins
        self._optional = optional

    def get_code(self, fullname: str) -> CodeType:
        # Bytecode caches are told from their source by its age in whole seconds: an edit followed by a reload is
        # faster than that. Nor shall loading a plugin write into its folder.
        return self.source_to_code(self.get_data(self.path), self.path)

    def get_data(self, path: str) -> bytes:
        if self._optional and path == self.path and not Path(path).exists():
            return b""
        return super().get_data(path)

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__builtins__"] = self._builtins
        super().exec_module(module)
