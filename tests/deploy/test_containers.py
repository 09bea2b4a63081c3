"""The image and the compose file: linted, without rights, and made of what is locked."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.deploy.conftest import ROOT, program

from duetime.app.settings import Settings, variable_of

LOCKS = ROOT / "requirements"


@pytest.fixture
def compose(deploy: Path) -> Any:
    return yaml.safe_load((deploy / "compose.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def stages(deploy: Path) -> list[str]:
    text = (deploy / "Dockerfile").read_text(encoding="utf-8")
    return re.split(r"^FROM ", text, flags=re.MULTILINE)[1:]


def lint(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dockerfile_is_linted(deploy: Path) -> None:
    lint(program("hadolint", what="The Dockerfile"), "--failure-threshold", "info", str(deploy / "Dockerfile"))


def test_the_compose_file_fits_its_specification(deploy: Path) -> None:
    linter = program("check-jsonschema", what="The compose file")
    lint(linter, "--builtin-schema", "vendor.compose-spec", str(deploy / "compose.yaml"))


def test_every_yaml_file_that_is_no_template_is_linted(deploy: Path) -> None:
    files = [str(path) for path in deploy.rglob("*.y*ml") if "templates" not in path.parts]
    assert len(files) >= 3
    rules = "{line-length: {max: 160}, braces: {max-spaces-inside: 0}, document-start: disable}"
    lint(program("yamllint", what="YAML"), "--strict", "-d", f"{{extends: default, rules: {rules}}}", *files)


def test_the_end_image_builds_nothing_and_is_not_root(stages: list[str]) -> None:
    build, end = stages
    assert "pip" in build
    assert not re.search(r"\b(pip|apt-get|gcc)\b.*\binstall\b", end)
    assert "rm -rf /usr/local/lib/python3.13/site-packages/pip*" in end
    assert re.search(r"^USER 10001:10001$", end, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK ", end, re.MULTILINE)
    assert "COPY --from=build /opt/duetime /opt/duetime" in end
    assert build.count("--require-hashes") == 2


def test_the_build_context_holds_what_the_dockerfile_copies_and_little_else() -> None:
    kept = [line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")]
    copied = {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "requirements/*.lock", "src", "legacy"}
    assert {line[1:] for line in kept} == copied


def pins(lock: str) -> dict[str, str]:
    text = (LOCKS / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ;]+)", text, re.MULTILINE))


@pytest.mark.parametrize("lock", ["runtime.lock", "build.lock"])
def test_the_image_holds_what_is_tested(lock: str) -> None:
    tested = pins("dev.lock")
    assert pins(lock)
    assert pins(lock).items() <= tested.items(), "Run `make lock`."


def test_the_image_has_everything_that_processes_need_and_nothing_of_tests() -> None:
    held = pins("runtime.lock").keys()
    assert held >= {"fastapi", "uvicorn", "psycopg", "psycopg-binary", "boto3", "apprise", "authlib", "argon2-cffi"}
    assert not held & {"pytest", "mypy", "ruff", "moto", "playwright", "hatchling"}


def test_no_service_may_write_to_its_image_or_has_a_right(compose: Any) -> None:
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service.get("privileged") is None, name


def test_the_web_is_published_to_this_machine_alone_and_the_database_to_nobody(compose: Any) -> None:
    services = compose["services"]
    assert services["web"]["ports"] == ["127.0.0.1:8321:8321"]
    assert "ports" not in services["db"]
    assert services["db"]["networks"] == ["inside"]
    assert compose["networks"]["inside"] == {"internal": True}


def test_every_setting_that_the_compose_file_and_the_dockerfile_say_is_one(compose: Any, stages: list[str]) -> None:
    known = {variable_of(name) for name in Settings.model_fields}
    said = {
        name
        for service in compose["services"].values()
        for name in service.get("environment", {})
        if name.startswith("DUETIME_")
    }
    said |= set(re.findall(r"\b(DUETIME_\w+)=", stages[1]))
    assert said
    assert said <= known
