"""What duetime knows of each AWS resource type, as data. A new type is an entry here: see the guide.

An entry says how resources are listed, read, named and acted upon; `entry` explains its parts. Nothing else in this
package knows a resource type by its name.
"""

from collections.abc import Mapping
from types import MappingProxyType

from duetime.providers.aws.entries.applications import (
    CONTAINER_SERVICE,
    NODE_GROUP,
    NOTEBOOK_INSTANCE,
    SERVERLESS_FUNCTION,
)
from duetime.providers.aws.entries.buckets import STORAGE_CONTAINER
from duetime.providers.aws.entries.databases import (
    DATABASE_CLUSTER,
    DATABASE_CLUSTER_SNAPSHOT,
    DATABASE_INSTANCE,
    DATABASE_SNAPSHOT,
)
from duetime.providers.aws.entries.disks import DISK_SNAPSHOT, VOLUME
from duetime.providers.aws.entries.identities import SERVICE_ACCESS_KEY, SERVICE_USER
from duetime.providers.aws.entries.instances import AUTOSCALING_GROUP, INSTANCE, PRIVATE_IMAGE
from duetime.providers.aws.entries.messages import LOG_GROUP, MESSAGE_QUEUE, NOTIFICATION_TOPIC
from duetime.providers.aws.entries.networks import LOAD_BALANCER, NAT_GATEWAY, PUBLIC_IP, RESOURCE_ACCESS_LIST
from duetime.providers.aws.entries.warehouses import (
    BIG_DATA_INSTANCE,
    BIG_DATA_SNAPSHOT,
    DISTRIBUTED_TABLE,
    DISTRIBUTED_TABLE_SNAPSHOT,
)
from duetime.providers.aws.entry import ResourceKind

_KINDS = (
    INSTANCE,
    PRIVATE_IMAGE,
    AUTOSCALING_GROUP,
    VOLUME,
    DISK_SNAPSHOT,
    PUBLIC_IP,
    RESOURCE_ACCESS_LIST,
    NAT_GATEWAY,
    LOAD_BALANCER,
    DATABASE_INSTANCE,
    DATABASE_SNAPSHOT,
    DATABASE_CLUSTER,
    DATABASE_CLUSTER_SNAPSHOT,
    DISTRIBUTED_TABLE,
    DISTRIBUTED_TABLE_SNAPSHOT,
    BIG_DATA_INSTANCE,
    BIG_DATA_SNAPSHOT,
    CONTAINER_SERVICE,
    NODE_GROUP,
    SERVERLESS_FUNCTION,
    NOTEBOOK_INSTANCE,
    STORAGE_CONTAINER,
    SERVICE_USER,
    SERVICE_ACCESS_KEY,
    NOTIFICATION_TOPIC,
    MESSAGE_QUEUE,
    LOG_GROUP,
)

CATALOGUE: Mapping[str, ResourceKind] = MappingProxyType({kind.resource_type: kind for kind in _KINDS})
