"""DynamoDB tables and Redshift clusters, with what they are saved in."""

from duetime.core.resource_types import ResourceType
from duetime.providers.aws.entries.recurring import FINAL_SNAPSHOT, SNAPSHOT, deletion, one_call, tagging
from duetime.providers.aws.entry import At, Call, Columns, Detail, Errors, Listing, Reading, ResourceKind

_BUSY = frozenset(
    {"creating", "deleting", "modifying", "pausing", "rebooting", "renaming", "resizing", "resuming", "updating-hsm"}
)

DISTRIBUTED_TABLE = ResourceKind(
    resource_type=ResourceType.DISTRIBUTED_TABLE.value,
    title="DynamoDB table",
    service="dynamodb",
    listing=Listing(method="list_tables", items="TableNames", page_size=100, listed_id="item"),
    reading=(Reading(method="describe_table", items="Table", parameters={"TableName": At("id")}),),
    identity="TableName",
    columns=Columns(
        name="TableName",
        state="TableStatus",
        created_at="CreationDateTime",
        size="BillingModeSummary.BillingMode",
        protected="DeletionProtectionEnabled",
    ),
    errors=Errors(
        gone=("ResourceNotFoundException", "TableNotFoundException"),
        protected=("ValidationException",),
        not_now=("ResourceInUseException", "TableInUseException", "BackupInUseException", "LimitExceededException"),
    ),
    details=(
        Detail(
            method="list_tags_of_resource", parameters={"ResourceArn": At("raw.TableArn")}, into="Tags", result="Tags"
        ),
    ),
    fields=("BillingModeSummary.BillingMode", "CreationDateTime", "ItemCount", "TableArn", "TableSizeBytes"),
    actions={
        "snapshot": one_call(
            "create_backup",
            {"TableName": At("id"), "BackupName": At("arguments.name || unique")},
            takes=SNAPSHOT,  # its tags are let pass and dropped: a backup has none
            data={
                "snapshot_id": "answer.BackupDetails.BackupArn",
                "snapshot_type": f"'{ResourceType.DISTRIBUTED_TABLE_SNAPSHOT}'",
            },
            passing=frozenset({"CREATING", "DELETING"}),
        ),
        "delete": deletion(
            "delete_table",
            {"TableName": At("id")},
            data={"after": "answer.TableDescription.TableStatus"},
            wanted=frozenset({"DELETING"}),
            passing=frozenset({"CREATING", "UPDATING"}),
        ),
        **tagging(
            Call(method="tag_resource", parameters={"ResourceArn": At("raw.TableArn"), "Tags": At("pairs")}),
            Call(method="untag_resource", parameters={"ResourceArn": At("raw.TableArn"), "TagKeys": At("keys")}),
            reads=True,
        ),
    },
)

DISTRIBUTED_TABLE_SNAPSHOT = ResourceKind(
    resource_type=ResourceType.DISTRIBUTED_TABLE_SNAPSHOT.value,
    title="DynamoDB backup",
    service="dynamodb",
    listing=Listing(method="list_backups", items="BackupSummaries", parameters={"BackupType": "USER"}, page_size=100),
    reading=(
        Reading(method="describe_backup", items="BackupDescription.BackupDetails", parameters={"BackupArn": At("id")}),
    ),
    identity="BackupArn",
    # In small letters, so that it is `available` as other snapshots are.
    columns=Columns(name="BackupName", state="lower(BackupStatus)", tags="", created_at="BackupCreationDateTime"),
    errors=Errors(gone=("BackupNotFoundException",), not_now=("BackupInUseException", "LimitExceededException")),
    fields=("BackupCreationDateTime", "BackupSizeBytes", "BackupType"),
    gone=frozenset({"deleted"}),
    actions={"delete": deletion("delete_backup", {"BackupArn": At("id")}, passing=frozenset({"creating"}))},
)

BIG_DATA_INSTANCE = ResourceKind(
    resource_type=ResourceType.BIG_DATA_INSTANCE.value,
    title="Redshift cluster",
    service="redshift",
    listing=Listing(method="describe_clusters", items="Clusters", page_size=100),
    reading=(Reading(method="describe_clusters", items="Clusters", parameters={"ClusterIdentifier": At("id")}),),
    identity="ClusterIdentifier",
    columns=Columns(
        name="ClusterIdentifier",
        state="ClusterStatus",
        created_at="ClusterCreateTime",
        size="NodeType",
        public="PubliclyAccessible",
    ),
    errors=Errors(
        gone=("ClusterNotFound",),
        protected=("ClusterSnapshotAlreadyExists", "UnsupportedOperation"),
        not_now=("InvalidClusterState",),
        unclear=("InvalidClusterState",),
    ),
    fields=("ClusterCreateTime", "DBName", "Encrypted", "NumberOfNodes", "NodeType", "VpcId"),
    actions={
        "start": one_call(
            "resume_cluster",
            {"ClusterIdentifier": At("id")},
            data={"after": "answer.Cluster.ClusterStatus"},
            inverse="stop",
            wanted=frozenset({"available"}),
            passing=_BUSY,
        ),
        "stop": one_call(
            "pause_cluster",
            {"ClusterIdentifier": At("id")},
            data={"after": "answer.Cluster.ClusterStatus"},
            inverse="start",
            wanted=frozenset({"paused"}),
            passing=_BUSY,
        ),
        "snapshot": one_call(
            "create_cluster_snapshot",
            {
                "ClusterIdentifier": At("id"),
                "SnapshotIdentifier": At("arguments.name || unique"),
                "Tags": At("pairs"),
            },
            takes=SNAPSHOT,
            data={
                "snapshot_id": "answer.Snapshot.SnapshotIdentifier",
                "snapshot_type": f"'{ResourceType.BIG_DATA_SNAPSHOT}'",
            },
            passing=_BUSY,
        ),
        "delete": one_call(
            "delete_cluster",
            {
                "ClusterIdentifier": At("id"),
                "SkipFinalClusterSnapshot": At("arguments.final_snapshot == `null`"),
                "FinalClusterSnapshotIdentifier": At("arguments.final_snapshot"),
            },
            takes=FINAL_SNAPSHOT,
            data={"after": "answer.Cluster.ClusterStatus", "final_snapshot": "arguments.final_snapshot"},
            wanted=frozenset({"deleting"}),
            passing=_BUSY - {"deleting"},
            destructive=True,
        ),
    },
)

BIG_DATA_SNAPSHOT = ResourceKind(
    resource_type=ResourceType.BIG_DATA_SNAPSHOT.value,
    title="Redshift snapshot",
    service="redshift",
    listing=Listing(
        method="describe_cluster_snapshots", items="Snapshots", parameters={"SnapshotType": "manual"}, page_size=100
    ),
    reading=(
        Reading(method="describe_cluster_snapshots", items="Snapshots", parameters={"SnapshotIdentifier": At("id")}),
    ),
    identity="SnapshotIdentifier",
    columns=Columns(name="SnapshotIdentifier", state="Status", created_at="SnapshotCreateTime", size="NodeType"),
    errors=Errors(gone=("ClusterSnapshotNotFound",), not_now=("InvalidClusterSnapshotState",)),
    fields=("ClusterIdentifier", "Encrypted", "SnapshotType", "TotalBackupSizeInMegaBytes"),
    gone=frozenset({"deleted"}),
    actions={
        "delete": deletion("delete_cluster_snapshot", {"SnapshotIdentifier": At("id")}, passing=frozenset({"creating"}))
    },
)
