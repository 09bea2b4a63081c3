"""The Helm chart: linted and rendered by Helm itself, valid Kubernetes, and restricted."""

import importlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.deploy.conftest import library, program

from duetime.app.settings import Settings, variable_of

MINIMAL: dict[str, Any] = {"existingSecret": "duetime"}
FULL: dict[str, Any] = {
    "existingSecret": "duetime",
    "imagePullSecrets": [{"name": "registry"}],
    "settings": {"history_days": 90, "max_argument_bytes": 16777216, "poll_seconds": 0.25, "log_level": "debug"},
    "web": {"trustedProxies": ["10.0.0.0/8"], "readinessPath": "/readyz"},
    "ingress": {
        "enabled": True,
        "className": "nginx",
        "host": "duetime.example.org",
        "tlsSecret": "tls",
        "annotations": {"a": "b"},
    },
    "networkPolicy": {"enabled": True, "ingressFrom": [{"namespaceSelector": {"matchLabels": {"name": "ingress"}}}]},
    "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/duetime"}},
    "extraVolumes": [{"name": "plugins", "emptyDir": {}}],
    "extraVolumeMounts": [{"name": "plugins", "mountPath": "/plugins"}],
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"operator": "Exists"}],
    "podAnnotations": {"x": "y"},
}
VARIANTS = {"minimal": MINIMAL, "full": FULL}
VERSIONS = ("1.25.0", "1.30.0")


@pytest.fixture(scope="module")
def path() -> Path:
    return Path(__file__).parents[2] / "deploy" / "helm" / "duetime"


@pytest.fixture(scope="module")
def helm() -> Any:
    library("helm_python", what="The Helm chart")
    return importlib.import_module("helm_python.chart")


def rendered(helm: Any, path: Path, values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    with helm.Chart.load(path) as chart:
        files = chart.render(values, name="prod", namespace="jobs")
    for name, text in files.items():
        if not name.endswith(".txt"):
            yield from (each for each in yaml.safe_load_all(text) if each is not None)


@pytest.mark.parametrize("variant", VARIANTS)
def test_helm_finds_no_fault(helm: Any, path: Path, variant: str) -> None:
    report = helm.lint(path, VARIANTS[variant], strict=True)
    assert report["errors"] == []
    assert [each for each in report["messages"] if each["severity"] > 1] == []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_object_is_valid_kubernetes(helm: Any, path: Path, variant: str, version: str) -> None:
    validator = library("kubernetes_validate", what="The Helm chart")
    kinds = set()
    for each in rendered(helm, path, VARIANTS[variant]):
        validator.validate(each, version, strict=True)
        kinds.add(each["kind"])
    always = {"Deployment", "Job", "PodDisruptionBudget", "Service", "ServiceAccount"}
    assert kinds == (always if variant == "minimal" else always | {"Ingress", "NetworkPolicy"})


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_pod_keeps_to_the_restricted_standard(helm: Any, path: Path, variant: str) -> None:
    pods = {
        each["metadata"]["name"]: each["spec"]["template"]["spec"]
        for each in rendered(helm, path, VARIANTS[variant])
        if "template" in each.get("spec", {})
    }
    assert pods.keys() == {"prod-duetime-web", "prod-duetime-worker", "prod-duetime-upgrade"}
    for pod in pods.values():
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False
        (container,) = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["envFrom"] == [{"secretRef": {"name": "duetime"}}]
        assert container["resources"]["limits"]["memory"]


def environment(helm: Any, path: Path, values: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Return the variables of every pod, by its name; none may be said twice."""
    found: dict[str, dict[str, str]] = {}
    for each in rendered(helm, path, values):
        if "template" in each.get("spec", {}):
            (container,) = each["spec"]["template"]["spec"]["containers"]
            said = [(one["name"], one["value"]) for one in container.get("env", [])]
            found[each["metadata"]["name"]] = dict(said)
            assert len(said) == len(dict(said))
    return found


def test_settings_reach_every_process_as_they_were_written(helm: Any, path: Path) -> None:
    known = {variable_of(name) for name in Settings.model_fields}
    for said in environment(helm, path, FULL).values():
        assert said.keys() <= known
        assert said["DUETIME_HISTORY_DAYS"] == "90"
        assert said["DUETIME_MAX_ARGUMENT_BYTES"] == "16777216"
        assert said["DUETIME_POLL_SECONDS"] == "0.25"
    web = environment(helm, path, FULL)["prod-duetime-web"]
    assert web["DUETIME_WEB_URL"] == "https://duetime.example.org"
    assert web["DUETIME_WEB_TRUSTED_PROXIES"] == "10.0.0.0/8"
    assert "DUETIME_WEB_URL" not in environment(helm, path, MINIMAL)["prod-duetime-web"]


def test_the_web_is_probed_and_workers_have_the_time_to_drain(helm: Any, path: Path) -> None:
    pods = {
        each["metadata"]["name"]: each["spec"]["template"]["spec"]
        for each in rendered(helm, path, FULL)
        if each["kind"] == "Deployment"
    }
    (web,) = pods["prod-duetime-web"]["containers"]
    probes = [web[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness", "readiness")]
    assert probes == ["/healthz", "/healthz", "/readyz"]
    assert pods["prod-duetime-worker"]["terminationGracePeriodSeconds"] == 90


def test_the_schema_is_upgraded_before_a_release_changes(helm: Any, path: Path) -> None:
    (job,) = [each for each in rendered(helm, path, MINIMAL) if each["kind"] == "Job"]
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert job["spec"]["template"]["spec"]["containers"][0]["args"] == ["db", "upgrade"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "existingSecret"),
        ({**MINIMAL, "workerCount": 3}, "workerCount"),
        ({**MINIMAL, "web": {"replicas": -1}}, "replicas"),
        ({**MINIMAL, "ingress": {"enabled": True, "host": "a.example"}}, "tlsSecret"),
        ({**MINIMAL, "settings": {"web_host": "127.0.0.1"}}, "web_host"),
        ({**MINIMAL, "settings": {"Web-Host": "127.0.0.1"}}, "Web-Host"),
    ],
)
def test_values_that_make_no_sense_are_refused(helm: Any, path: Path, values: dict[str, Any], said: str) -> None:
    with helm.Chart.load(path) as chart, pytest.raises(Exception, match=said):
        chart.render(values, name="prod")


def test_what_the_chart_sets_itself_cannot_be_set_twice(path: Path) -> None:
    schema = json.loads((path / "values.schema.json").read_text(encoding="utf-8"))
    refused = schema["properties"]["settings"]["propertyNames"]["not"]["enum"]
    assert refused == sorted(refused)
    assert set(refused) <= Settings.model_fields.keys()


def test_the_schema_of_the_values_is_one(path: Path) -> None:
    linter = program("check-jsonschema", what="The schema of the values")
    done = subprocess.run(
        [linter, "--check-metaschema", str(path / "values.schema.json")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_chart_is_of_the_version_of_duetime(path: Path) -> None:
    from importlib.metadata import version

    said = yaml.safe_load((path / "Chart.yaml").read_text(encoding="utf-8"))
    assert said["appVersion"] == version("duetime")
