"""The catalogue against the SDK's own models of AWS: a misspelt call, parameter, path or error code is found here."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.providers.aws.entry_check import problems

from duetime.core.resource_types import ResourceType
from duetime.providers.aws.catalogue import CATALOGUE
from duetime.providers.aws.entry import Action, Argument, At, Call, Detail, ResourceKind
from duetime.providers.aws.provider import AwsProvider

INSTANCE = CATALOGUE["instance"]
WANTED = {
    "instance": {"start", "stop", "hibernate", "reboot", "delete", "tag", "untag"},
    "volume": {"snapshot", "detach", "attach", "delete", "tag", "untag"},
    "snapshot": {"delete"},
    "privateimage": {"delete"},
    "publicip": {"release", "detach", "attach"},
    "resourceaccesslist": {"delete", "tag"},
    "dbinstance": {"start", "stop", "reboot", "snapshot", "delete", "tag"},
    "dbsnapshot": {"delete"},
    "dbcluster": {"start", "stop", "snapshot", "delete"},
    "dbclustersnapshot": {"delete"},
    "autoscalinggroup": {"scale"},
    "containerservice": {"scale"},
    "nodegroup": {"scale"},
    "serverlessfunction": {"delete", "tag", "disable", "enable"},
    "storagecontainer": {
        "block_public_access",
        "restore_public_access",
        "attach_policy",
        "remove_policy",
        "tag",
        "untag",
    },
    "distributedtable": {"delete", "tag", "snapshot"},
    "distributedtablesnapshot": {"delete"},
    "bigdatainstance": {"start", "stop", "snapshot", "delete"},
    "bigdatasnapshot": {"delete"},
    "notebookinstance": {"start", "stop", "delete"},
    "serviceuser": {"tag"},
    "serviceaccesskey": {"disable", "enable", "delete"},
    "natgateway": {"delete"},
    "loadbalancer": {"delete"},
    "notificationtopic": {"delete", "tag"},
    "messagequeue": {"delete", "tag"},
    "loggroup": {"delete", "tag", "set_retention"},
}


@pytest.mark.parametrize("resource_type", CATALOGUE)
def test_an_entry_says_nothing_that_the_models_do_not_know(resource_type: str) -> None:
    assert problems(CATALOGUE[resource_type]) == []


@pytest.mark.parametrize("resource_type", CATALOGUE)
def test_a_type_has_a_name_of_ours(resource_type: str) -> None:
    assert resource_type in {each.value for each in ResourceType}
    assert type(resource_type) is str  # an enumeration's member is written to databases in other ways


def test_every_type_offers_what_is_promised() -> None:
    assert set(CATALOGUE) == set(WANTED)
    assert not {name: missing for name, wanted in WANTED.items() if (missing := wanted - set(CATALOGUE[name].actions))}


def test_what_snapshots_are_of_can_be_read() -> None:
    taken = [action for kind in CATALOGUE.values() for name, action in kind.actions.items() if name == "snapshot"]
    assert len(taken) == 5
    for action in taken:
        snapshot_type = action.data["snapshot_type"].strip("'")
        assert {"snapshot_id"} < set(action.data)
        assert "delete" in CATALOGUE[snapshot_type].actions


def test_databases_are_not_deleted_before_somebody_says_whether_a_last_snapshot_is_taken() -> None:
    for name in ("dbinstance", "dbcluster", "bigdatainstance"):
        argument = CATALOGUE[name].actions["delete"].takes["final_snapshot"]
        assert (argument.required, argument.null) == (True, True)


def test_the_facts_are_those_of_the_entries() -> None:
    facts = AwsProvider().resource_types()
    assert set(facts) == set(CATALOGUE)
    stop = facts["instance"].operations["stop"]
    assert (stop.inverse, stop.wanted, stop.destructive) == ("start", frozenset({"stopped"}), False)
    assert stop.batch > 1
    assert (facts["serviceuser"].regional, facts["volume"].regional) == (False, True)
    assert facts["dbcluster"].title.startswith("RDS or Aurora")
    assert facts["volume"].operations["delete"].destructive


def _action(**changes: Any) -> Callable[[ResourceKind], ResourceKind]:
    def change(kind: ResourceKind) -> ResourceKind:
        return replace(kind, actions={**kind.actions, "stop": replace(kind.actions["stop"], **changes)})

    return change


def _stop(method: str, **parameters: Any) -> tuple[Call, ...]:
    return (Call(method=method, parameters=parameters),)


@pytest.mark.parametrize(
    ("resource_type", "on_their_way"),
    [
        ("instance", {"pending", "stopping"}),
        ("dbinstance", {"starting", "stopping"}),
        ("dbcluster", {"starting", "stopping"}),
        ("bigdatainstance", {"resuming", "pausing"}),
        ("notebookinstance", {"Pending", "Stopping"}),
    ],
)
def test_what_is_on_its_way_is_waited_for_whatever_is_asked(resource_type: str, on_their_way: set[str]) -> None:
    actions = CATALOGUE[resource_type].actions
    for name in ("start", "stop"):
        assert on_their_way <= actions[name].passing
        assert not actions[name].passing & actions[name].wanted


WRONG: dict[str, Callable[[Any], Any]] = {
    "a service": lambda kind: replace(kind, service="ec3"),
    "the listing": lambda kind: replace(kind, listing=replace(kind.listing, method="describe_instance")),
    "the path of the items": lambda kind: replace(kind, listing=replace(kind.listing, items="Reservations[].Machines")),
    "a page that is too large": lambda _: replace(
        CATALOGUE["natgateway"], listing=replace(CATALOGUE["natgateway"].listing, page_size=1001)
    ),
    "no page size": lambda kind: replace(kind, listing=replace(kind.listing, page_size=None)),
    "a parameter of the listing": lambda kind: replace(
        kind, listing=replace(kind.listing, parameters={"OwnerIds": ["self"]})
    ),
    "a parameter of the reading": lambda kind: replace(
        kind, reading=(replace(kind.reading[0], parameters={"Instances": At("ids")}),)
    ),
    "a text where a list belongs": lambda kind: replace(
        kind, reading=(replace(kind.reading[0], parameters={"InstanceIds": At("id")}),)
    ),
    "the identity": lambda kind: replace(kind, identity="Id"),
    "a field": lambda kind: replace(kind, fields=("Launched",)),
    "a part of a field": lambda kind: replace(kind, fields=("Placement.Zone",)),
    "a column": lambda kind: replace(kind, columns=replace(kind.columns, state="State.Word")),
    "a condition": lambda kind: replace(kind, columns=replace(kind.columns, public="NetworkInterfaces[?Open].Status")),
    "a not before a dot": lambda kind: replace(kind, columns=replace(kind.columns, public="!Placement.Tenancy")),
    "a detail": lambda kind: replace(
        kind, details=(Detail(method="describe_tag", parameters={}, into="Tags", result="Tags"),)
    ),
    "a detail's result": lambda kind: replace(
        kind, details=(Detail(method="describe_tags", parameters={}, into="More", result="Labels"),)
    ),
    "an action's call": _action(calls=_stop("stop_instance", InstanceIds=At("ids"))),
    "an action's parameter": _action(calls=_stop("stop_instances", Ids=At("ids"))),
    "a parameter that is missing": _action(calls=_stop("stop_instances")),
    "a place of a parameter": _action(calls=_stop("stop_instances", InstanceIds=At("identities"))),
    "where the answer lists what was done": _action(done="StoppedInstances"),
    "a part of the outcome": _action(data={"after": "answer.State.Name"}),
    "an inverse": _action(inverse="resume"),
    "what undoes it": _action(undone_with={"state": "raw.State.Name"}),
    "what undoes it and is nowhere": _action(inverse="tag", undone_with={"tags": "raw.Labels"}),
    "an inverse that takes more": _action(inverse="tag", undone_with={}),
    "a read for many": _action(reads=True),
    "no read": _action(batch=1, data={"before": "raw.State.Name"}),
    "an undone deletion": _action(destructive=True),
    "an error": lambda _: replace(
        CATALOGUE["dbinstance"], errors=replace(CATALOGUE["dbinstance"].errors, gone=("DBInstanceMissing",))
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_an_entry_that_is_wrong_is_found_out(what: str) -> None:
    assert problems(WRONG[what](INSTANCE))


def test_an_argument_that_no_call_takes_is_found_out() -> None:
    action = Action(
        calls=_stop("stop_instances", InstanceIds=At("ids"), Hibernate=At("arguments.sleep")),
        takes={"sleep": Argument(kinds=(str,))},
    )
    assert problems(replace(INSTANCE, actions={"stop": action}))
