"""EC2 instances, and what starts from them and scales them."""

from duetime.core.resource_types import ResourceType
from duetime.providers.aws.entries.recurring import NO_FINAL_SNAPSHOT, deletion, ec2_reading, ec2_tagging, one_call
from duetime.providers.aws.entry import Argument, At, Columns, Errors, Listing, Reading, ResourceKind

_MANY = 100
"""A call takes more, but EC2 asks for small batches: large ones are slow, and throttled as a whole."""
_CHANGE = {"before": "answer.PreviousState.Name", "after": "answer.CurrentState.Name"}
_ENDING = frozenset({"shutting-down"})
_BUSY = frozenset({"pending", "stopping"}) | _ENDING
"""Waited for even by what has the same aim: a stop that somebody else asked for is not ours, and not ours to undo."""

INSTANCE = ResourceKind(
    resource_type=ResourceType.INSTANCE.value,
    title="EC2 instance",
    service="ec2",
    listing=Listing(method="describe_instances", items="Reservations[].Instances[]", page_size=1000),
    reading=ec2_reading("describe_instances", "Reservations[].Instances[]", ids="InstanceIds", by_filter="instance-id"),
    identity="InstanceId",
    columns=Columns(state="State.Name", created_at="LaunchTime", size="InstanceType"),
    errors=Errors(
        gone=("InvalidInstanceID",),
        protected=("OperationNotPermitted",),
        not_now=("InsufficientInstanceCapacity", "InsufficientHostCapacity", "InsufficientReservedInstanceCapacity"),
        unclear=("IncorrectInstanceState", "IncorrectState"),  # all that is said of a terminated one
    ),
    fields=(
        "Architecture",
        "HibernationOptions.Configured",
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
        "start": one_call(
            "start_instances",
            {"InstanceIds": At("ids")},
            batch=_MANY,
            done="StartingInstances",
            data=_CHANGE,
            inverse="stop",
            wanted=frozenset({"running"}),
            passing=_BUSY,
        ),
        "stop": one_call(
            "stop_instances",
            {"InstanceIds": At("ids")},
            batch=_MANY,
            done="StoppingInstances",
            data=_CHANGE,
            inverse="start",
            wanted=frozenset({"stopped"}),
            passing=_BUSY,
        ),
        "hibernate": one_call(
            "stop_instances",
            {"InstanceIds": At("ids"), "Hibernate": True},
            batch=_MANY,
            done="StoppingInstances",
            data=_CHANGE,
            inverse="start",
            wanted=frozenset({"stopped"}),
            passing=_BUSY,
        ),
        "reboot": one_call(
            "reboot_instances",
            {"InstanceIds": At("ids")},
            batch=_MANY,
            passing=_BUSY,
        ),
        "delete": one_call(
            "terminate_instances",
            {"InstanceIds": At("ids")},
            batch=_MANY,
            takes=NO_FINAL_SNAPSHOT,
            done="TerminatingInstances",
            data=_CHANGE,
            wanted=_ENDING,
            destructive=True,
        ),
        **ec2_tagging(),
    },
)

PRIVATE_IMAGE = ResourceKind(
    resource_type=ResourceType.PRIVATE_IMAGE.value,
    title="AMI",
    service="ec2",
    listing=Listing(method="describe_images", items="Images", parameters={"Owners": ["self"]}, page_size=1000),
    reading=ec2_reading("describe_images", "Images", ids="ImageIds", by_filter="image-id"),
    identity="ImageId",
    columns=Columns(
        name="Name",
        state="State",
        created_at="CreationDate",
        last_used_at="LastLaunchedTime",
        public="Public",
        protected="DeregistrationProtection && DeregistrationProtection != 'disabled'",
    ),
    errors=Errors(gone=("InvalidAMIID",), protected=("OperationNotPermitted",)),
    fields=("Architecture", "BlockDeviceMappings", "CreationDate", "Description", "Name", "OwnerId", "Platform"),
    gone=frozenset({"deregistered"}),
    actions={
        "delete": deletion("deregister_image", {"ImageId": At("id")}, passing=frozenset({"pending"})),
        **ec2_tagging(),
    },
)

AUTOSCALING_GROUP = ResourceKind(
    resource_type=ResourceType.AUTOSCALING_GROUP.value,
    title="Auto Scaling group",
    service="autoscaling",
    listing=Listing(method="describe_auto_scaling_groups", items="AutoScalingGroups", page_size=100),
    reading=(
        Reading(
            method="describe_auto_scaling_groups",
            items="AutoScalingGroups",
            parameters={"AutoScalingGroupNames": At("ids")},
            most=50,
        ),
    ),
    identity="AutoScalingGroupName",
    columns=Columns(name="AutoScalingGroupName", state="Status", created_at="CreatedTime"),
    errors=Errors(
        gone=("ValidationError: not found",),
        protected=("ValidationError",),
        not_now=("ScalingActivityInProgress", "ResourceContention"),
    ),
    fields=("AvailabilityZones", "DesiredCapacity", "LaunchTemplate", "MaxSize", "MinSize", "SuspendedProcesses"),
    actions={
        "scale": one_call(
            "update_auto_scaling_group",
            {
                "AutoScalingGroupName": At("id"),
                "MinSize": At("arguments.minimum"),
                "MaxSize": At("arguments.maximum"),
                "DesiredCapacity": At("arguments.desired"),
            },
            reads=True,
            takes=dict.fromkeys(("minimum", "maximum", "desired"), Argument(kinds=(int,))),
            data={"before": "raw.DesiredCapacity", "after": "arguments.desired"},
            inverse="scale",
            undone_with={"minimum": "raw.MinSize", "maximum": "raw.MaxSize", "desired": "raw.DesiredCapacity"},
        ),
    },
)
