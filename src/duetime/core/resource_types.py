"""The names of resource types, as they stand at the front of a resource id."""

from enum import StrEnum


class ResourceType(StrEnum):
    """A kind of cloud resource. Which of them can be harvested is the providers' business."""

    AUTOSCALING_GROUP = "autoscalinggroup"
    DATABASE_INSTANCE = "dbinstance"
    DATABASE_SNAPSHOT = "dbsnapshot"
    INSTANCE = "instance"
    LOAD_BALANCER = "loadbalancer"
    MESSAGE_QUEUE = "messagequeue"
    NOTIFICATION_TOPIC = "notificationtopic"
    PRIVATE_IMAGE = "privateimage"
    PRIVATE_NETWORK = "privatenetwork"
    PUBLIC_IP = "publicip"
    RESOURCE_ACCESS_LIST = "resourceaccesslist"
    SERVERLESS_FUNCTION = "serverlessfunction"
    SERVICE_ACCESS_KEY = "serviceaccesskey"
    SERVICE_GROUP = "servicegroup"
    SERVICE_REGION = "serviceregion"
    SERVICE_ROLE = "servicerole"
    SERVICE_USER = "serviceuser"
    SNAPSHOT = "snapshot"
    STORAGE_CONTAINER = "storagecontainer"
    VOLUME = "volume"
