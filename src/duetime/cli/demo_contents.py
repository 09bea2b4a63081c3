"""What the accounts of the demo hold: instances, and one or a few of every other type of the catalogue."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

Client = Callable[[str], Any]
"""Returns the client of a service, in the account and region that are filled."""

ENVIRONMENTS = ("dev", "prod")
SERVICES = {"web": "ana", "api": "ben", "etl": "chi"}
"""Service by its owner. Instances of one service share a name, as those of a scaling group do."""
BUCKETS = {"reports": "ana", "uploads": "chi"}
UNUSED_VOLUMES = {"scratch-web": "ana", "scratch-api": "ben", "scratch-etl": "chi"}
"""Volumes that are attached to nothing, by their owner."""

_IMAGE = "ami-00000000"
_TAGS = {"owner": "ben"}
_TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


def fill(client: Client, *, region: str, prefix: str, instances: int, global_too: bool) -> None:
    """Make everything that one region of an account holds.

    Args:
        client: how it is reached.
        region: which.
        prefix: the beginning of names that are the world's, such as those of buckets.
        instances: how many of them.
        global_too: whether what has no region is made as well.
    """
    _make_instances(client("ec2"), count=instances)
    _make_disks(client("ec2"), zone=f"{region}a")
    _make_network(client)
    _make_databases(client)
    _make_programs(client, region=region)
    _make_messages(client)
    _make_buckets(client("s3"), region=region, prefix=prefix)
    if global_too:
        _make_identities(client("iam"))


def bucket_name(prefix: str, *, purpose: str, region: str) -> str:
    """Return the name of a bucket."""
    return f"{prefix}-{purpose}-{region}"


def _make_instances(ec2: Any, *, count: int) -> None:
    groups = list(product(ENVIRONMENTS, SERVICES))
    for number, (env, service) in enumerate(groups):
        share = (count + number) // len(groups)
        if share:
            ec2.run_instances(
                ImageId=_IMAGE,
                InstanceType="t3.small",
                MinCount=share,
                MaxCount=share,
                TagSpecifications=_spec("instance", Name=f"{service}-{env}", env=env, owner=SERVICES[service]),
            )


def _make_disks(ec2: Any, *, zone: str) -> None:
    for name, owner in UNUSED_VOLUMES.items():
        tags = _spec("volume", Name=name, owner=owner)
        ec2.create_volume(AvailabilityZone=zone, Size=100, TagSpecifications=tags)
    used = ec2.describe_volumes(Filters=[{"Name": "attachment.status", "Values": ["attached"]}])["Volumes"][0]
    ec2.create_snapshot(VolumeId=used["VolumeId"], TagSpecifications=_spec("snapshot", Name="by-hand", **_TAGS))
    ec2.register_image(Name="base", RootDeviceName="/dev/sda1", Architecture="x86_64")


def _make_network(client: Client) -> None:
    ec2 = client("ec2")
    subnets = ec2.describe_subnets()["Subnets"]
    vpc, ids = subnets[0]["VpcId"], [subnet["SubnetId"] for subnet in subnets[:2]]
    ec2.allocate_address(Domain="vpc", TagSpecifications=_spec("elastic-ip", **_TAGS))
    ec2.create_security_group(GroupName="web", Description="Web servers", VpcId=vpc)
    ec2.create_nat_gateway(SubnetId=ids[0], ConnectivityType="private")
    client("elbv2").create_load_balancer(Name="web", Subnets=ids, Tags=_pairs(_TAGS))
    scaling = client("autoscaling")
    scaling.create_launch_configuration(LaunchConfigurationName="web", ImageId=_IMAGE, InstanceType="t3.small")
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="web",
        LaunchConfigurationName="web",
        MinSize=0,
        MaxSize=3,
        DesiredCapacity=0,  # it would bring instances of its own into the count
        VPCZoneIdentifier=ids[0],
    )
    eks, role = client("eks"), "arn:aws:iam::123456789012:role/service"
    eks.create_cluster(name="web", roleArn=role, resourcesVpcConfig={"subnetIds": ids})
    eks.create_nodegroup(clusterName="web", nodegroupName="nodes", subnets=ids, nodeRole=role)


def _make_databases(client: Client) -> None:
    rds, person = client("rds"), {"MasterUsername": "admin", "MasterUserPassword": "Password1"}
    rds.create_db_instance(
        DBInstanceIdentifier="shop", DBInstanceClass="db.m5.large", Engine="mysql", AllocatedStorage=20, **person
    )
    rds.create_db_snapshot(DBInstanceIdentifier="shop", DBSnapshotIdentifier="shop-by-hand")
    rds.create_db_cluster(DBClusterIdentifier="orders", Engine="aurora-mysql", **person)
    rds.create_db_cluster_snapshot(DBClusterIdentifier="orders", DBClusterSnapshotIdentifier="orders-by-hand")
    dynamodb = client("dynamodb")
    dynamodb.create_table(
        TableName="carts",
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=_pairs(_TAGS),
    )
    dynamodb.create_backup(TableName="carts", BackupName="carts-by-hand")
    redshift = client("redshift")
    redshift.create_cluster(ClusterIdentifier="figures", NodeType="ra3.large", **person)
    redshift.create_cluster_snapshot(ClusterIdentifier="figures", SnapshotIdentifier="figures-by-hand")


def _make_programs(client: Client, *, region: str) -> None:
    ecs = client("ecs")
    ecs.create_cluster(clusterName="web")
    ecs.register_task_definition(family="web", containerDefinitions=[{"name": "web", "image": "web", "memory": 64}])
    ecs.create_service(cluster="web", serviceName="web", taskDefinition="web", desiredCount=2)
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("main.py", "def handler(event, context): pass")
    # Roles are the account's, and its regions are filled at the same time.
    role = client("iam").create_role(RoleName=f"nightly-{region}", AssumeRolePolicyDocument=_TRUST)["Role"]["Arn"]
    client("lambda").create_function(
        FunctionName="nightly",
        Runtime="python3.12",
        Role=role,
        Handler="main.handler",
        Code={"ZipFile": code.getvalue()},
        Tags=_TAGS,
    )
    client("sagemaker").create_notebook_instance(
        NotebookInstanceName="study", InstanceType="ml.t2.medium", RoleArn=role, Tags=_pairs(_TAGS)
    )


def _make_messages(client: Client) -> None:
    client("sns").create_topic(Name="orders", Tags=_pairs(_TAGS))
    client("sqs").create_queue(QueueName="orders", tags=_TAGS)
    client("logs").create_log_group(logGroupName="/aws/lambda/nightly", tags=_TAGS)


def _make_buckets(s3: Any, *, region: str, prefix: str) -> None:
    # The first region of AWS is the one that must not be named.
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    for purpose, owner in BUCKETS.items():
        name = bucket_name(prefix, purpose=purpose, region=region)
        s3.create_bucket(Bucket=name, **place)
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": _pairs({"owner": owner})})


def _make_identities(iam: Any) -> None:
    for owner in SERVICES.values():
        iam.create_user(UserName=owner)
        iam.create_access_key(UserName=owner)


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _spec(kind: str, **tags: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": _pairs(tags)}]
