"""Handlers of hookpoints: called as documented, and never able to fail the caller."""

import logging
from typing import Any

import pytest

from duetime.core.bots import Hookpoint
from duetime.core.harvests import ResourceChange, what_happened
from duetime.core.hooks import call_handlers, hookpoint
from duetime.core.registration import Registries, registering_with
from duetime.core.resources import Resource


def _instance(**given: Any) -> Resource:
    return Resource.of(resource_type="instance", account="1", region="us-east-1", provider_id="i-1", **given)


@pytest.fixture
def registries() -> Registries:
    return Registries()


def test_each_handler_hears_of_what_it_hangs_on(registries: Registries) -> None:
    heard: list[tuple[Any, ...]] = []
    with registering_with(registries):

        @hookpoint("divvycloud.resource.created")
        def created(resource: Resource, user_resource_id: Any = None, project_resource_id: Any = None) -> None:
            heard.append(("created", resource.provider_id, user_resource_id, project_resource_id))

        @hookpoint("divvycloud.instance.modified")
        def modified(resource: Resource, old_resource_data: Any, user_resource_id: Any = None) -> None:
            heard.append(("modified", resource.state, old_resource_data["state"], user_resource_id))

        @hookpoint("divvycloud.resource.tags_modified")
        def tagged(resource: Resource, user_resource_id: Any = None, project_resource_id: Any = None) -> None:
            heard.append(("tagged", dict(resource.tags)))

        @hookpoint("divvycloud.volume.destroyed")
        def other(*_: Any, **__: Any) -> None:
            heard.append(("never",))

        @hookpoint("divvycloud.instance.destroyed")
        def gone(resource: Resource, **_: Any) -> None:
            heard.append(("gone", resource.provider_id))

    before, now = _instance(state="running"), _instance(state="stopped", tags={"env": "dev"})
    changes = [
        ResourceChange(now, (Hookpoint.CREATED,)),
        ResourceChange(now, what_happened(before, now), before=before),
        ResourceChange(now, (Hookpoint.DESTROYED,)),
        ResourceChange(now, (Hookpoint.CREATED,), is_quiet=True),
    ]
    assert call_handlers(changes, registries=registries) == 0
    assert heard == [
        ("created", "i-1", None, None),
        ("modified", "stopped", "running", None),
        ("tagged", {"env": "dev"}),
        ("gone", "i-1"),
    ]


def test_a_handler_that_raises_is_logged_and_keeps_nobody_from_hearing(
    registries: Registries, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[str] = []
    with registering_with(registries):

        @hookpoint("divvycloud.resource.created")
        def breaks(resource: Resource, **_: Any) -> None:
            raise SystemExit(resource.provider_id)

        @hookpoint("divvycloud.instance.created")
        def hears(resource: Resource, **_: Any) -> None:
            heard.append(resource.provider_id)

    with caplog.at_level(logging.ERROR):
        failed = call_handlers([ResourceChange(_instance(), (Hookpoint.CREATED,))], registries=registries)
    assert (failed, heard) == (1, ["i-1"])
    assert "divvycloud.resource.created failed for instance:1:us-east-1:i-1:" in caplog.text


def test_nothing_registered_costs_nothing(registries: Registries) -> None:
    assert call_handlers([ResourceChange(_instance(), (Hookpoint.CREATED,))], registries=registries) == 0
