"""Every older module and name is there, and is nothing but another name."""

import ast
import importlib
import re
from pathlib import Path

import pytest

LEGACY = Path(__file__).parents[2] / "legacy"

NAMES = {
    "DivvyBotfactory.event": ["BotEvent"],
    "DivvyBotfactory.registry": ["ActionRegistry", "BotFactoryAction", "BotFactoryRegistryWrapper"],
    "DivvyBotfactory.scheduling": ["ScheduledEventTracker", "schedule_hours_from_now"],
    "DivvyDb.QueryFilters.cloud_types": ["CloudType"],
    "DivvyPlugins.hookpoints": ["hookpoint"],
    "DivvyPlugins.plugin_metadata": ["PluginMetadata"],
    "DivvyResource": ["ResourceType"],
    "DivvyResource.ResourceIds": ["ResourceId"],
    "DivvyResource.resource_types": ["ResourceType"],
    "DivvyUtils.field_definition": [
        "BooleanField",
        "FieldOptions",
        "FloatField",
        "IntegerField",
        "Jinja2StringField",
        "Jinja2TextField",
        "MultiSelectionField",
        "SelectionChoice",
        "SelectionField",
        "StringField",
        "TextField",
    ],
    "DivvyUtils.schedule": ["Cron", "Daily", "Hourly", "Monthly", "Once", "Periodic", "Weekly"],
    "DivvyWorkers.Processors.ScheduledEvents": [
        "MultiResourceScheduledEventJob",
        "ScheduledEventJob",
        "ScheduledEventManager",
        "ScheduledEventRegistryWrapper",
        "cast_scheduled_event_args",
    ],
    "DivvyWorkers.ScheduledWorkers.base": ["MultiResourceScheduledEventJob", "ScheduledEventJob"],
    "DivvyWorkers.worker.registry": ["Router"],
}
MODULES = sorted(
    ".".join(file.relative_to(LEGACY).with_suffix("").parts).removesuffix(".__init__") for file in LEGACY.rglob("*.py")
)


@pytest.mark.parametrize("name", MODULES)
def test_every_module_exports_what_the_table_says(name: str) -> None:
    module = importlib.import_module(name)
    assert sorted(getattr(module, "__all__", [])) == NAMES.get(name, [])
    assert all(hasattr(module, one) for one in NAMES.get(name, []))


def test_no_module_of_the_table_is_missing() -> None:
    assert set(NAMES) <= set(MODULES)


@pytest.mark.parametrize("file", sorted(LEGACY.rglob("*.py")), ids=lambda file: str(file.relative_to(LEGACY)))
def test_a_module_holds_no_logic(file: Path) -> None:
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        exports = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        assert exports or (isinstance(node, ast.ImportFrom) and str(node.module).startswith("duetime.")), ast.unparse(
            node
        )


@pytest.mark.parametrize("module", NAMES)
def test_the_page_names_every_module_and_name(module: str) -> None:
    page = (LEGACY.parent / "docs/reference/legacy-api.md").read_text(encoding="utf-8")
    (line,) = [line for line in page.splitlines() if line.startswith("|") and f"`{module}`" in line]
    assert set(NAMES[module]) <= set(re.findall(r"`(\w+)`", line))


def test_types_and_clouds_of_the_older_interface() -> None:
    resource_type = importlib.import_module("DivvyResource").ResourceType
    names = ["INSTANCE", "DATABASE_INSTANCE", "VOLUME", "SNAPSHOT", "STORAGE_CONTAINER", "SERVICE_USER"]
    assert all(hasattr(resource_type, name) for name in names)
    assert resource_type.INSTANCE == "instance"
    cloud_type = importlib.import_module("DivvyDb.QueryFilters.cloud_types").CloudType
    assert {cloud.name for cloud in cloud_type} == {
        "AMAZON_WEB_SERVICES",
        "AMAZON_WEB_SERVICES_GOV",
        "AMAZON_WEB_SERVICES_CHINA",
        "AZURE_ARM",
        "GOOGLE_CLOUD_PLATFORM",
        "ALICLOUD",
        "KUBERNETES",
    }
