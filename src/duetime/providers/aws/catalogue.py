"""What duetime knows of each AWS resource type, as data: how it is listed, read, named and acted upon."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Action:
    """One operation on resources of a type.

    Attributes:
        call: the method of the SDK's client; it takes the ids in the same parameter as the list call.
        answer: the key of the answer that lists the resources it was done to.
        before: where one of those says the state it was in.
        after: where it says the state it is in now.
    """

    call: str
    answer: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ResourceKind:
    """One resource type. Paths are keys joined by dots.

    Attributes:
        service: the SDK's name of the service.
        list_call: the method that lists and reads; it must have a paginator.
        items: the keys, one inside the other, that lead through a page's lists to the resources.
        identity: the path of the provider id.
        state: the path of the state.
        tags: the path of the tags, a list of `Key` and `Value`.
        fields: paths that are kept in the inventory as they are.
        ids: the parameter that takes provider ids.
        id_filter: the filter that takes provider ids and passes over missing ones.
        page_size: the list call's largest page.
        ids_per_read: how many provider ids one call may read.
        ids_per_filter: how many values one call's filters may have.
        missing: error codes, or their beginnings, that say a provider id is not there.
        gone: states in which a resource is still listed but serves no more.
        actions: operations by name.
    """

    resource_type: str
    service: str
    list_call: str
    items: tuple[str, ...]
    identity: str
    state: str
    tags: str
    ids: str
    id_filter: str
    page_size: int
    ids_per_read: int
    ids_per_filter: int
    missing: str
    fields: tuple[str, ...] = ()
    gone: frozenset[str] = frozenset()
    actions: Mapping[str, Action] = field(default_factory=dict)


INSTANCE = ResourceKind(
    resource_type="instance",
    service="ec2",
    list_call="describe_instances",
    items=("Reservations", "Instances"),
    identity="InstanceId",
    state="State.Name",
    tags="Tags",
    ids="InstanceIds",
    id_filter="instance-id",
    page_size=1000,
    ids_per_read=1000,
    ids_per_filter=200,
    missing="InvalidInstanceID",
    fields=(
        "Architecture",
        "IamInstanceProfile.Arn",
        "ImageId",
        "InstanceLifecycle",
        "InstanceType",
        "KeyName",
        "LaunchTime",
        "Placement.AvailabilityZone",
        "PlatformDetails",
        "PrivateIpAddress",
        "PublicIpAddress",
        "RootDeviceType",
        "SecurityGroups",
        "StateTransitionReason",
        "SubnetId",
        "VpcId",
    ),
    gone=frozenset({"terminated"}),
    actions={
        "start": Action(
            "start_instances", answer="StartingInstances", before="PreviousState.Name", after="CurrentState.Name"
        ),
        "stop": Action(
            "stop_instances", answer="StoppingInstances", before="PreviousState.Name", after="CurrentState.Name"
        ),
    },
)

CATALOGUE: Mapping[str, ResourceKind] = MappingProxyType({kind.resource_type: kind for kind in (INSTANCE,)})
