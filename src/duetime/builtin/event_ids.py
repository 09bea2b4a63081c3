"""The ids of our own event types that act on resources, and which of them asks the cloud for which operation."""

from collections.abc import Mapping
from types import MappingProxyType

START_RESOURCE = "divvy.start_resource"
STOP_RESOURCE = "divvy.stop_resource"
HIBERNATE = "duetime.hibernate"
REBOOT = "duetime.reboot"
DELETE = "duetime.delete"
RELEASE = "duetime.release"
SNAPSHOT = "duetime.snapshot"
SNAPSHOT_THEN_DELETE = "duetime.snapshot_then_delete"
DETACH = "duetime.detach"
ATTACH = "duetime.attach"
SCALE = "duetime.scale"
RESTORE_SCALE = "duetime.restore_scale"
TAG = "duetime.tag"
UNTAG = "duetime.untag"
RESTORE_TAGS = "duetime.restore_tags"
DISABLE = "duetime.disable"
ENABLE = "duetime.enable"
BLOCK_PUBLIC_ACCESS = "duetime.block_public_access"
RESTORE_PUBLIC_ACCESS = "duetime.restore_public_access"
ATTACH_POLICY = "duetime.attach_policy"
REMOVE_POLICY = "duetime.remove_policy"
SET_RETENTION = "duetime.set_retention"

LOG = "duetime.log"
MESSAGE = "duetime.message"
WEBHOOK = "duetime.webhook"
PUBLISH_TOPIC = "duetime.publish_topic"
SEND_QUEUE = "duetime.send_queue"

EVENT_TYPE_OF: Mapping[str, str] = MappingProxyType(
    {
        "start": START_RESOURCE,
        "stop": STOP_RESOURCE,
        "hibernate": HIBERNATE,
        "reboot": REBOOT,
        "delete": DELETE,
        "release": RELEASE,
        "snapshot": SNAPSHOT,
        "detach": DETACH,
        "attach": ATTACH,
        "scale": SCALE,
        "tag": TAG,
        "untag": UNTAG,
        "restore_tags": RESTORE_TAGS,
        "disable": DISABLE,
        "enable": ENABLE,
        "block_public_access": BLOCK_PUBLIC_ACCESS,
        "restore_public_access": RESTORE_PUBLIC_ACCESS,
        "attach_policy": ATTACH_POLICY,
        "remove_policy": REMOVE_POLICY,
        "set_retention": SET_RETENTION,
    }
)
"""The event type that asks for an operation of `core.cloud`: what undoes another is found by its inverse operation."""
