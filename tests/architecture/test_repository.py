import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# Where packages come from is the business of the machine that installs them.
# Spelt in halves, because this file is searched too.
REGISTRY_HOSTS = ["pypi" + ".org", "pypi.python" + ".org", "pythonhosted" + ".org", "npmjs" + ".org"]


@pytest.fixture(scope="module")
def files(root: Path) -> list[Path]:
    """Return every file that is, or would be, in the repository."""
    if not (root / ".git").exists():
        pytest.skip("not a git work tree")
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=root, capture_output=True, text=True, check=True).stdout
    return [root / name for name in names.split("\0") if name and (root / name).is_file()]


def test_no_file_names_a_package_registry(files: list[Path]) -> None:
    named = {file.name for file in files if any(host.encode() in file.read_bytes() for host in REGISTRY_HOSTS)}
    assert not named


def test_the_locks_hold_hashes_and_no_address(root: Path) -> None:
    for lock in (root / "requirements").glob("*.lock"):
        text = lock.read_text(encoding="utf-8")
        pins = [line for line in text.splitlines() if "==" in line and not line.startswith((" ", "#"))]
        assert pins
        assert all(pin.endswith("\\") for pin in pins)
        assert "://" not in text


def test_the_lock_holds_every_direct_dependency(root: Path) -> None:
    config: dict[str, Any] = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    lists = [config["project"]["dependencies"], *config["project"]["optional-dependencies"].values()]
    lists += [group for name, group in config["dependency-groups"].items() if name != "bootstrap"]
    wanted = {
        canonicalize_name(Requirement(entry).name) for entries in lists for entry in entries if isinstance(entry, str)
    }
    texts = [(root / f"requirements/{name}.lock").read_text(encoding="utf-8") for name in ("dev", "linters")]
    locked = {name for text in texts for name in re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE)}
    assert wanted <= locked, "Run `make lock`."
