"""RDS instances and clusters, Aurora among them, and their snapshots."""

from duetime.core.resource_types import ResourceType
from duetime.providers.aws.entries.recurring import FINAL_SNAPSHOT, SNAPSHOT, deletion, one_call, tagging
from duetime.providers.aws.entry import Action, At, Call, Columns, Errors, Listing, Reading, ResourceKind

BUSY = frozenset(
    {
        "backing-up",
        "configuring-enhanced-monitoring",
        "configuring-iam-database-auth",
        "configuring-log-exports",
        "converting-to-vpc",
        "creating",
        "failing-over",
        "maintenance",
        "migrating",
        "modifying",
        "moving-to-vpc",
        "promoting",
        "rebooting",
        "renaming",
        "resetting-master-credentials",
        "starting",
        "stopping",
        "storage-optimization",
        "update-iam-db-auth",
        "upgrading",
    }
)
_ENDING = frozenset({"deleting"})
_MANUAL = {"SnapshotType": "manual"}
"""Automatic snapshots come and go with their database; AWS lets nobody delete them."""
_STOP = {"inverse": "start", "wanted": frozenset({"stopped"}), "passing": BUSY | _ENDING}
_START = {"inverse": "stop", "wanted": frozenset({"available"}), "passing": BUSY | _ENDING}


def _reading(method: str, items: str, by_filter: str, **constants: str) -> tuple[Reading, ...]:
    filters = [{"Name": by_filter, "Values": At("ids")}]
    return (Reading(method=method, items=items, parameters={"Filters": filters, **constants}, most=50, page_size=100),)


def _tagging(arn: str) -> dict[str, Action]:
    """Return the operations on tags, for which RDS wants ARNs."""
    return tagging(
        Call(method="add_tags_to_resource", parameters={"ResourceName": At(f"raw.{arn}"), "Tags": At("pairs")}),
        Call(method="remove_tags_from_resource", parameters={"ResourceName": At(f"raw.{arn}"), "TagKeys": At("keys")}),
        reads=True,
    )


DATABASE_INSTANCE = ResourceKind(
    resource_type=ResourceType.DATABASE_INSTANCE.value,
    title="RDS instance",
    service="rds",
    listing=Listing(method="describe_db_instances", items="DBInstances", page_size=100),
    reading=_reading("describe_db_instances", "DBInstances", "db-instance-id"),
    identity="DBInstanceIdentifier",
    columns=Columns(
        name="DBInstanceIdentifier",
        state="DBInstanceStatus",
        tags="TagList",
        created_at="InstanceCreateTime",
        size="DBInstanceClass",
        public="PubliclyAccessible",
        protected="DeletionProtection",
    ),
    errors=Errors(
        gone=("DBInstanceNotFound",),
        protected=("InvalidParameterCombination", "DBSnapshotAlreadyExists", "OperationNotPermitted"),
        not_now=("InvalidDBInstanceState", "InsufficientDBInstanceCapacity"),
        unclear=("InvalidDBInstanceState",),
    ),
    fields=("AllocatedStorage", "DBClusterIdentifier", "Engine", "EngineVersion", "InstanceCreateTime", "MultiAZ"),
    actions={
        "start": one_call(
            "start_db_instance",
            {"DBInstanceIdentifier": At("id")},
            data={"after": "answer.DBInstance.DBInstanceStatus"},
            **_START,
        ),
        "stop": one_call(
            "stop_db_instance",
            {"DBInstanceIdentifier": At("id")},
            data={"after": "answer.DBInstance.DBInstanceStatus"},
            **_STOP,
        ),
        "reboot": one_call(
            "reboot_db_instance",
            {"DBInstanceIdentifier": At("id")},
            data={"after": "answer.DBInstance.DBInstanceStatus"},
            passing=BUSY | _ENDING,
        ),
        "snapshot": one_call(
            "create_db_snapshot",
            {
                "DBInstanceIdentifier": At("id"),
                "DBSnapshotIdentifier": At("arguments.name || unique"),
                "Tags": At("pairs"),
            },
            takes=SNAPSHOT,
            data={
                "snapshot_id": "answer.DBSnapshot.DBSnapshotIdentifier",
                "snapshot_type": f"'{ResourceType.DATABASE_SNAPSHOT}'",
            },
            passing=BUSY | _ENDING,
        ),
        "delete": one_call(
            "delete_db_instance",
            {
                "DBInstanceIdentifier": At("id"),
                "SkipFinalSnapshot": At("arguments.final_snapshot == `null`"),
                "FinalDBSnapshotIdentifier": At("arguments.final_snapshot"),
            },
            takes=FINAL_SNAPSHOT,
            data={"after": "answer.DBInstance.DBInstanceStatus", "final_snapshot": "arguments.final_snapshot"},
            wanted=_ENDING,
            passing=BUSY,
            destructive=True,
        ),
        **_tagging("DBInstanceArn"),
    },
)

DATABASE_SNAPSHOT = ResourceKind(
    resource_type=ResourceType.DATABASE_SNAPSHOT.value,
    title="RDS snapshot",
    service="rds",
    listing=Listing(method="describe_db_snapshots", items="DBSnapshots", parameters=_MANUAL, page_size=100),
    reading=_reading("describe_db_snapshots", "DBSnapshots", "db-snapshot-id", **_MANUAL),
    identity="DBSnapshotIdentifier",
    columns=Columns(name="DBSnapshotIdentifier", state="Status", tags="TagList", created_at="SnapshotCreateTime"),
    errors=Errors(gone=("DBSnapshotNotFound",), not_now=("InvalidDBSnapshotState",)),
    fields=("AllocatedStorage", "DBInstanceIdentifier", "Encrypted", "Engine", "SnapshotType"),
    actions={
        "delete": deletion(
            "delete_db_snapshot",
            {"DBSnapshotIdentifier": At("id")},
            wanted=_ENDING,
            passing=frozenset({"creating", "copying"}),
        ),
        **_tagging("DBSnapshotArn"),
    },
)

DATABASE_CLUSTER = ResourceKind(
    resource_type=ResourceType.DATABASE_CLUSTER.value,
    title="RDS or Aurora cluster",
    service="rds",
    listing=Listing(method="describe_db_clusters", items="DBClusters", page_size=100),
    reading=_reading("describe_db_clusters", "DBClusters", "db-cluster-id"),
    identity="DBClusterIdentifier",
    columns=Columns(
        name="DBClusterIdentifier",
        state="Status",
        tags="TagList",
        created_at="ClusterCreateTime",
        size="DBClusterInstanceClass",
        public="PubliclyAccessible",
        protected="DeletionProtection",
    ),
    errors=Errors(
        gone=("DBClusterNotFoundFault",),
        protected=("InvalidParameterCombination", "DBClusterSnapshotAlreadyExistsFault"),
        not_now=("InvalidDBClusterStateFault", "InvalidDBInstanceState"),
        unclear=("InvalidDBClusterStateFault",),
    ),
    fields=("AllocatedStorage", "ClusterCreateTime", "DBClusterMembers", "Engine", "EngineMode", "EngineVersion"),
    actions={
        "start": one_call(
            "start_db_cluster",
            {"DBClusterIdentifier": At("id")},
            data={"after": "answer.DBCluster.Status"},
            **_START,
        ),
        "stop": one_call(
            "stop_db_cluster",
            {"DBClusterIdentifier": At("id")},
            data={"after": "answer.DBCluster.Status"},
            **_STOP,
        ),
        "snapshot": one_call(
            "create_db_cluster_snapshot",
            {
                "DBClusterIdentifier": At("id"),
                "DBClusterSnapshotIdentifier": At("arguments.name || unique"),
                "Tags": At("pairs"),
            },
            takes=SNAPSHOT,
            data={
                "snapshot_id": "answer.DBClusterSnapshot.DBClusterSnapshotIdentifier",
                "snapshot_type": f"'{ResourceType.DATABASE_CLUSTER_SNAPSHOT}'",
            },
            passing=BUSY | _ENDING,
        ),
        "delete": one_call(
            "delete_db_cluster",
            {
                "DBClusterIdentifier": At("id"),
                "SkipFinalSnapshot": At("arguments.final_snapshot == `null`"),
                "FinalDBSnapshotIdentifier": At("arguments.final_snapshot"),
            },
            takes=FINAL_SNAPSHOT,
            data={"after": "answer.DBCluster.Status", "final_snapshot": "arguments.final_snapshot"},
            wanted=_ENDING,
            passing=BUSY,
            destructive=True,
        ),
        **_tagging("DBClusterArn"),
    },
)

DATABASE_CLUSTER_SNAPSHOT = ResourceKind(
    resource_type=ResourceType.DATABASE_CLUSTER_SNAPSHOT.value,
    title="RDS cluster snapshot",
    service="rds",
    listing=Listing(
        method="describe_db_cluster_snapshots", items="DBClusterSnapshots", parameters=_MANUAL, page_size=100
    ),
    reading=_reading("describe_db_cluster_snapshots", "DBClusterSnapshots", "db-cluster-snapshot-id", **_MANUAL),
    identity="DBClusterSnapshotIdentifier",
    columns=Columns(
        name="DBClusterSnapshotIdentifier", state="Status", tags="TagList", created_at="SnapshotCreateTime"
    ),
    errors=Errors(gone=("DBClusterSnapshotNotFoundFault",), not_now=("InvalidDBClusterSnapshotStateFault",)),
    fields=("AllocatedStorage", "DBClusterIdentifier", "Engine", "SnapshotType", "StorageEncrypted"),
    actions={
        "delete": deletion(
            "delete_db_cluster_snapshot",
            {"DBClusterSnapshotIdentifier": At("id")},
            wanted=_ENDING,
            passing=frozenset({"creating", "copying"}),
        ),
        **_tagging("DBClusterSnapshotArn"),
    },
)
