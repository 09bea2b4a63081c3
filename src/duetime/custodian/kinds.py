"""Which of Custodian's resource types are which of duetime's."""

from collections.abc import Mapping
from types import MappingProxyType

from duetime.core.errors import UnknownName, nearest

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "ami": "privateimage",
        "app-elb": "loadbalancer",
        "asg": "autoscalinggroup",
        "dynamodb-backup": "distributedtablesnapshot",
        "dynamodb-table": "distributedtable",
        "ebs": "volume",
        "ebs-snapshot": "snapshot",
        "ec2": "instance",
        "elastic-ip": "publicip",
        "iam-user": "serviceuser",
        "lambda": "serverlessfunction",
        "log-group": "loggroup",
        "nat-gateway": "natgateway",
        "network-addr": "publicip",
        "rds": "dbinstance",
        "rds-cluster": "dbcluster",
        "rds-cluster-snapshot": "dbclustersnapshot",
        "rds-snapshot": "dbsnapshot",
        "redshift": "bigdatainstance",
        "redshift-snapshot": "bigdatasnapshot",
        "s3": "storagecontainer",
        "security-group": "resourceaccesslist",
        "sns": "notificationtopic",
        "sqs": "messagequeue",
    }
)
"""Our type by Custodian's, for those whose ids are the same text on both sides."""


def kind_of(resource: str) -> str:
    """Return our type for Custodian's, such as `instance` for `aws.ec2` or `ec2`.

    Raises:
        UnknownName: there is none; those that there are near to it are named.
    """
    cloud, _, rest = resource.partition(".")
    name = rest if cloud == "aws" and rest else resource
    if name not in KINDS:
        raise UnknownName("resource type of Cloud Custodian", resource, near=nearest(name, KINDS))
    return KINDS[name]


def full_name(resource: str) -> str:
    """Return Custodian's own name, such as `aws.ec2`, for it or its short form.

    Raises:
        UnknownName: see `kind_of`.
    """
    kind_of(resource)
    return resource if resource.startswith("aws.") else f"aws.{resource}"
