import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# The lowest layers use the standard library, each other, and what is named here.
LIBRARIES = {
    "src/duetime/core/": set[str](),
    "src/duetime/schedule/": {"cronsim"},
}


def test_every_import_contract_is_kept(root: Path) -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("folder", LIBRARIES)
def test_the_lowest_layers_use_hardly_any_library(trees: dict[str, ast.Module], folder: str) -> None:
    allowed = sys.stdlib_module_names | LIBRARIES[folder] | {"duetime"}
    foreign = [
        f"{path} imports {name}"
        for path, tree in trees.items()
        if path.startswith(folder)
        for name in sorted(set(_imported(tree)) - allowed)
    ]
    assert not foreign


def test_every_legacy_package_is_named_in_its_contract(root: Path) -> None:
    config: dict[str, Any] = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = (one for one in config["tool"]["importlinter"]["contracts"] if one["id"] == "legacy")
    packages = {folder.parent.name for folder in (root / "legacy").glob("*/__init__.py")}
    assert packages <= set(contract["forbidden_modules"])


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]
