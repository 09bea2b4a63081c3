"""The event types fit the operations of the AWS provider: what it takes, and what undoes it."""

from typing import Any

import pytest

from duetime.builtin import access, disposal, instances, retention, scaling, snapshots, tags
from duetime.builtin.event_ids import EVENT_TYPE_OF
from duetime.core.registration import Batch, Registries, registering_with
from duetime.core.registry import BUILTIN
from duetime.jobs.arguments import schema_of
from duetime.providers.aws.catalogue import CATALOGUE

ACTIONS = [
    pytest.param(kind, name, action, id=f"{kind.resource_type}-{name}")
    for kind in CATALOGUE.values()
    for name, action in kind.actions.items()
]


@pytest.fixture(scope="module")
def schemas() -> dict[str, dict[str, Any]]:
    registries = Registries()
    batch = Batch(BUILTIN)
    with registering_with(registries, batch=batch):
        for module in (instances, disposal, snapshots, scaling, retention, tags, access):
            module.load()
    registries.adopt(batch)
    return {entry.name: schema_of(entry.item) for entry in registries.event_types.entries()}


def takes(schema: dict[str, Any], names: Any) -> bool:
    return bool(schema["additionalProperties"]) or set(names) <= set(schema["properties"])


@pytest.mark.parametrize(("kind", "name", "action"), ACTIONS)
def test_an_operation_has_an_event_type_that_takes_and_undoes_what_it_does(
    schemas: dict[str, dict[str, Any]], kind: Any, name: str, action: Any
) -> None:
    assert takes(schemas[EVENT_TYPE_OF[name]], action.takes)
    if action.inverse is not None:
        assert action.inverse in kind.actions
        assert takes(schemas[EVENT_TYPE_OF[action.inverse]], action.undone_with)
