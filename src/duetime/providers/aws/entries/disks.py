"""EBS volumes and their snapshots."""

from duetime.core.resource_types import ResourceType
from duetime.providers.aws.entries.recurring import SNAPSHOT, deletion, ec2_reading, ec2_tagging, one_call
from duetime.providers.aws.entry import Action, Argument, At, Call, Columns, Errors, Listing, ResourceKind

VOLUME = ResourceKind(
    resource_type=ResourceType.VOLUME.value,
    title="EBS volume",
    service="ec2",
    listing=Listing(method="describe_volumes", items="Volumes", page_size=500),
    reading=ec2_reading("describe_volumes", "Volumes", ids="VolumeIds", by_filter="volume-id", page_size=500),
    identity="VolumeId",
    columns=Columns(state="State", created_at="CreateTime", size="VolumeType", attached="Attachments[0] != `null`"),
    # In use while it is being detached, or its instance is on its way out: trying again helps.
    errors=Errors(gone=("InvalidVolume.NotFound", "InvalidVolumeID"), not_now=("VolumeInUse", "IncorrectState")),
    fields=("Attachments", "AvailabilityZone", "CreateTime", "Encrypted", "Iops", "Size", "SnapshotId", "VolumeType"),
    gone=frozenset({"deleted"}),
    actions={
        "snapshot": one_call(
            "create_snapshot",
            {
                "VolumeId": At("id"),
                "Description": At("arguments.name"),
                "TagSpecifications": At("pairs && [{ResourceType: 'snapshot', Tags: pairs}]"),
            },
            takes=SNAPSHOT,
            data={"snapshot_id": "answer.SnapshotId", "snapshot_type": f"'{ResourceType.SNAPSHOT}'"},
            passing=frozenset({"creating"}),
        ),
        "detach": Action(
            calls=(
                Call(
                    method="detach_volume",
                    parameters={
                        "VolumeId": At("id"),
                        "InstanceId": At("each.InstanceId"),
                        "Device": At("each.Device"),
                    },
                    each="raw.Attachments",
                ),
            ),
            reads=True,
            inverse="attach",
            undone_with={"attachments": "raw.Attachments[].{InstanceId: InstanceId, Device: Device}"},
            wanted=frozenset({"available"}),
        ),
        "attach": Action(
            calls=(
                Call(
                    method="attach_volume",
                    parameters={
                        "VolumeId": At("id"),
                        "InstanceId": At("each.InstanceId"),
                        "Device": At("each.Device"),
                    },
                    each="arguments.attachments",
                ),
            ),
            takes={"attachments": Argument(kinds=(list,), required=True)},
            inverse="detach",
            passing=frozenset({"creating"}),
        ),
        "delete": deletion(
            "delete_volume",
            {"VolumeId": At("id")},
            wanted=frozenset({"deleting"}),
            passing=frozenset({"creating"}),
        ),
        **ec2_tagging(),
    },
)

DISK_SNAPSHOT = ResourceKind(
    resource_type=ResourceType.SNAPSHOT.value,
    title="EBS snapshot",
    service="ec2",
    listing=Listing(method="describe_snapshots", items="Snapshots", parameters={"OwnerIds": ["self"]}, page_size=1000),
    reading=ec2_reading("describe_snapshots", "Snapshots", ids="SnapshotIds", by_filter="snapshot-id"),
    identity="SnapshotId",
    columns=Columns(state="State", created_at="StartTime"),
    errors=Errors(gone=("InvalidSnapshot.NotFound", "InvalidSnapshotID"), protected=("InvalidSnapshot.InUse",)),
    fields=("Description", "Encrypted", "OwnerId", "Progress", "StartTime", "StorageTier", "VolumeId", "VolumeSize"),
    actions={
        "delete": deletion("delete_snapshot", {"SnapshotId": At("id")}),
        **ec2_tagging(),
    },
)
