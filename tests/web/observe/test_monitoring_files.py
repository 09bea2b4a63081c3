"""The dashboard and the alert rules ask for metrics, labels and label values that a real scrape has."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from tests.web.conftest import ADMIN, As
from tests.web.observe.conftest import Working

from duetime.app.app import App
from duetime.app.readiness import Unready
from duetime.core.budgets import BudgetKey, Limit
from duetime.core.resources import Account
from duetime.core.statuses import EventStatus, RunStatus
from duetime.store.plugin_table import PluginState
from duetime.testing.clock import ManualClock

DEPLOY = Path(__file__).parents[3] / "deploy"
DASHBOARD = DEPLOY / "grafana" / "duetime.json"
ALERTS = DEPLOY / "prometheus" / "alerts.yml"
SCRAPE = DEPLOY / "prometheus" / "scrape.yml"
METRIC = re.compile(r"\bduetime_[a-z_]+\b")
SELECTOR = re.compile(r"(duetime_[a-z_]+)\{([^}]*)\}")
MATCHER = re.compile(r'([a-z_]+)(=~|=|!=|!~)"([^"]*)"')
GROUPING = re.compile(r"\bby \(([^)]*)\)")
VALUES = {
    ("duetime_events", "status"): {str(status) for status in EventStatus},
    ("duetime_runs_total", "status"): {str(status) for status in RunStatus},
    ("duetime_unready", "reason"): {str(reason) for reason in Unready},
    ("duetime_workers", "state"): {"beating", "silent", "lost"},
    ("duetime_plugin_workers", "state"): {"loaded", "unloaded", "failed"},
}
LATER = {"le"}


@pytest.fixture
def known(working: Working, as_: As, app: App, clock: ManualClock) -> dict[str, set[str]]:
    """Return the label names of every sample of a scrape in which nothing is missing."""
    app.client.schedule("test.job", clock.now())
    app.client.schedule("nobody.knows", clock.now(), allow_unknown=True)
    working.step()
    with app.store.write() as tx:
        tx.accounts.save(Account("A", "fake"))
        tx.accounts.record_harvest("A")
        tx.plugins.wish("messages", wish="loaded")
        tx.plugins.report(PluginState(1, "messages", 1, "failed", "it is broken"))
        tx.budgets.lease(BudgetKey("A", "r-1", "ec2 writes"), limit=Limit(rate=4, burst=20), wanted=2, made=7)
    clock.move_to(clock.now() + timedelta(seconds=5))
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(as_(ADMIN).get("/metrics").text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def panels() -> list[dict[str, Any]]:
    body = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return [panel for panel in body["panels"] if panel["type"] != "row"]


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def expressions() -> Iterator[tuple[str, str]]:
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for rule in rules():
        yield rule["alert"], rule["expr"]


def check(expression: str, known: Mapping[str, set[str]]) -> None:
    names = set(METRIC.findall(expression))
    assert names, "it asks for nothing of ours"
    assert names <= known.keys()
    labels = set().union(*(known[name] for name in names))
    for listed in GROUPING.findall(expression):
        assert {label.strip() for label in listed.split(",")} <= labels | LATER
    for name, matchers in SELECTOR.findall(expression):
        said = MATCHER.findall(matchers)
        assert said
        for label, _, wanted in said:
            assert label in known[name]
            assert set(wanted.split("|")) <= VALUES[name, label]
    assert expression.count("(") == expression.count(")")


def test_every_expression_asks_for_what_there_is(known: dict[str, set[str]]) -> None:
    asked = list(expressions())
    assert len(asked) > 40
    for where, expression in asked:
        try:
            check(expression, known)
        except AssertionError as error:
            error.add_note(f"{where}: {expression}")
            raise


def test_the_check_finds_what_is_wrong(known: dict[str, set[str]]) -> None:
    for expression in (
        "sum(duetime_run_total)",
        "sum by (kind) (duetime_events)",
        'duetime_events{status="waiting"}',
        'duetime_events{state="held"}',
        "sum((duetime_events)",
    ):
        with pytest.raises(AssertionError):
            check(expression, known)


def test_every_metric_that_matters_is_looked_at(known: dict[str, set[str]]) -> None:
    """A metric that no panel and no rule asks for is work at every scrape for nobody."""
    asked = {name for _, expression in expressions() for name in METRIC.findall(expression)}
    bases = {re.sub(r"_(bucket|count|sum)$", "", name) for name in known}
    unused = bases - {re.sub(r"_(bucket|count|sum)$", "", name) for name in asked}
    assert unused == {"duetime_api_allowed_calls_per_second"}


def test_panels_have_titles_units_and_places_of_their_own() -> None:
    body = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    assert body["uid"] == body["title"] == "duetime"
    assert len({panel["id"] for panel in body["panels"]}) == len(body["panels"])
    taken: set[tuple[int, int]] = set()
    for panel in body["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
    for panel in panels():
        assert panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        if METRIC.search(json.dumps(panel["targets"])) and "_seconds" in json.dumps(panel["targets"]):
            assert panel["fieldConfig"]["defaults"]["unit"] == "s", panel["title"]
        for target in panel["targets"]:
            assert target["datasource"]["uid"] == "${source}"


def test_rules_say_what_has_happened_and_what_to_do() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    for rule in rules():
        assert re.fullmatch(r"Duetime[A-Z][A-Za-z]+", rule["alert"])
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert set(rule["annotations"]) == {"summary", "description"}
        assert re.fullmatch(r"\d+[smh]", rule.get("for", "0s"))
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert yaml.safe_load(SCRAPE.read_text(encoding="utf-8"))["scrape_configs"][0]["metrics_path"] == "/metrics"


def test_the_most_important_rule_has_its_series_before_it_is_needed(known: dict[str, set[str]], as_: As) -> None:
    """A rule on a series that appears only with the fault would be silent about a label that is misspelt."""
    assert known["duetime_unready"] == {"reason"}
    text = as_(ADMIN).get("/metrics").text
    for reason in Unready:
        assert f'duetime_unready{{reason="{reason}"}} 0.0' in text


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)")
def test_promtool_takes_the_rules() -> None:
    subprocess.run(["promtool", "check", "rules", str(ALERTS)], check=True, capture_output=True)
