"""Makes one resource of each type in the simulated AWS, with the tag `env: dev` where a type has tags."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

Client = Callable[[str], Any]
_numbers = count(1)
_PAIRS = [{"Key": "env", "Value": "dev"}]
_LOWER = [{"key": "env", "value": "dev"}]
_ROLE = "arn:aws:iam::123456789012:role/service"


def _name(prefix: str = "thing") -> str:
    return f"{prefix}-{next(_numbers)}"


def _spec(kind: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": _PAIRS}]


def instance(client: Client) -> str:
    answer = client("ec2").run_instances(
        ImageId="ami-00000000", MinCount=1, MaxCount=1, TagSpecifications=_spec("instance")
    )
    return str(answer["Instances"][0]["InstanceId"])


def volume(client: Client) -> str:
    ec2 = client("ec2")
    made = ec2.create_volume(AvailabilityZone="us-east-1a", Size=8, TagSpecifications=_spec("volume"))["VolumeId"]
    ec2.attach_volume(VolumeId=made, InstanceId=instance(client), Device="/dev/sdh")
    return str(made)


def snapshot(client: Client) -> str:
    ec2 = client("ec2")
    source = ec2.create_volume(AvailabilityZone="us-east-1a", Size=8)["VolumeId"]
    return str(ec2.create_snapshot(VolumeId=source, TagSpecifications=_spec("snapshot"))["SnapshotId"])


def image(client: Client) -> str:
    source = instance(client)
    return str(client("ec2").create_image(InstanceId=source, Name=_name(), TagSpecifications=_spec("image"))["ImageId"])


def address(client: Client) -> str:
    ec2 = client("ec2")
    made = ec2.allocate_address(Domain="vpc", TagSpecifications=_spec("elastic-ip"))["AllocationId"]
    ec2.associate_address(AllocationId=made, InstanceId=instance(client))
    return str(made)


def security_group(client: Client) -> str:
    ec2 = client("ec2")
    made = ec2.create_security_group(
        GroupName=_name(), Description="test", VpcId=_network(client)[0], TagSpecifications=_spec("security-group")
    )
    return str(made["GroupId"])


def nat_gateway(client: Client) -> str:
    ec2 = client("ec2")
    _, (subnet, *_) = _network(client)
    made = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private", TagSpecifications=_spec("natgateway"))
    return str(made["NatGateway"]["NatGatewayId"])


def load_balancer(client: Client) -> str:
    made = client("elbv2").create_load_balancer(Name=_name(), Subnets=_network(client)[1], Tags=_PAIRS)
    return str(made["LoadBalancers"][0]["LoadBalancerArn"])


def autoscaling_group(client: Client) -> str:
    name, scaling = _name(), client("autoscaling")
    scaling.create_launch_configuration(LaunchConfigurationName=name, ImageId="ami-00000000", InstanceType="t3.micro")
    scaling.create_auto_scaling_group(
        AutoScalingGroupName=name,
        LaunchConfigurationName=name,
        MinSize=1,
        MaxSize=3,
        DesiredCapacity=2,
        VPCZoneIdentifier=_network(client)[1][0],
        Tags=[{"Key": "env", "Value": "dev", "PropagateAtLaunch": True}],
    )
    return name


def database(client: Client) -> str:
    name = _name("db")
    client("rds").create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.m5.large",
        Engine="mysql",
        AllocatedStorage=20,
        MasterUsername="admin",
        MasterUserPassword="password",
        Tags=_PAIRS,
    )
    return name


def database_snapshot(client: Client) -> str:
    name = _name("snap")
    client("rds").create_db_snapshot(DBInstanceIdentifier=database(client), DBSnapshotIdentifier=name, Tags=_PAIRS)
    return name


def database_cluster(client: Client) -> str:
    name = _name("cluster")
    client("rds").create_db_cluster(
        DBClusterIdentifier=name,
        Engine="aurora-mysql",
        MasterUsername="admin",
        MasterUserPassword="password",
        Tags=_PAIRS,
    )
    return name


def database_cluster_snapshot(client: Client) -> str:
    name = _name("snap")
    client("rds").create_db_cluster_snapshot(
        DBClusterIdentifier=database_cluster(client), DBClusterSnapshotIdentifier=name, Tags=_PAIRS
    )
    return name


def table(client: Client) -> str:
    name = _name("table")
    client("dynamodb").create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=_PAIRS,
    )
    return name


def table_backup(client: Client) -> str:
    made = client("dynamodb").create_backup(TableName=table(client), BackupName=_name())
    return str(made["BackupDetails"]["BackupArn"])


def warehouse(client: Client) -> str:
    name = _name("warehouse")
    client("redshift").create_cluster(
        ClusterIdentifier=name,
        NodeType="ra3.large",
        MasterUsername="admin",
        MasterUserPassword="Password1",
        Tags=_PAIRS,
    )
    return name


def warehouse_snapshot(client: Client) -> str:
    name = _name("snap")
    client("redshift").create_cluster_snapshot(
        ClusterIdentifier=warehouse(client), SnapshotIdentifier=name, Tags=_PAIRS
    )
    return name


def container_service(client: Client) -> str:
    ecs, cluster, name = client("ecs"), _name("cluster"), _name("service")
    ecs.create_cluster(clusterName=cluster)
    ecs.register_task_definition(family=name, containerDefinitions=[{"name": "web", "image": "web", "memory": 64}])
    ecs.create_service(cluster=cluster, serviceName=name, taskDefinition=name, desiredCount=2, tags=_LOWER)
    return f"{cluster}/{name}"


def node_group(client: Client) -> str:
    eks, cluster, name = client("eks"), _name("cluster"), _name("nodes")
    subnets = _network(client)[1]
    eks.create_cluster(name=cluster, roleArn=_ROLE, resourcesVpcConfig={"subnetIds": subnets})
    eks.create_nodegroup(
        clusterName=cluster,
        nodegroupName=name,
        subnets=subnets,
        nodeRole=_ROLE,
        scalingConfig={"minSize": 1, "maxSize": 3, "desiredSize": 2},
        tags={"env": "dev"},
    )
    return f"{cluster}/{name}"


def function(client: Client) -> str:
    code, name = io.BytesIO(), _name("function")
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("main.py", "def handler(event, context): pass")
    role = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=role,
        Handler="main.handler",
        Code={"ZipFile": code.getvalue()},
        Tags={"env": "dev"},
    )
    return name


def notebook(client: Client) -> str:
    name = _name("notebook")
    client("sagemaker").create_notebook_instance(
        NotebookInstanceName=name, InstanceType="ml.t2.medium", RoleArn=_ROLE, Tags=_PAIRS
    )
    return name


def bucket(client: Client) -> str:
    s3, name = client("s3"), _name("bucket")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": _PAIRS})
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(public_policy(name)))
    return name


def public_policy(name: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def user(client: Client) -> str:
    name = _name("user")
    client("iam").create_user(UserName=name, Tags=_PAIRS)
    return name


def access_key(client: Client) -> str:
    name = user(client)
    return f"{name}/{client('iam').create_access_key(UserName=name)['AccessKey']['AccessKeyId']}"


def topic(client: Client) -> str:
    return str(client("sns").create_topic(Name=_name("topic"), Tags=_PAIRS)["TopicArn"])


def queue(client: Client) -> str:
    return str(client("sqs").create_queue(QueueName=_name("queue"), tags={"env": "dev"})["QueueUrl"])


def log_group(client: Client) -> str:
    name = _name("/aws/lambda/log")
    client("logs").create_log_group(logGroupName=name, tags={"env": "dev"})
    # Its name begins with the other's: it is what a careless reading would find.
    client("logs").create_log_group(logGroupName=f"{name}0")
    return name


def _network(client: Client) -> tuple[str, list[str]]:
    subnets = client("ec2").describe_subnets()["Subnets"]
    return subnets[0]["VpcId"], [subnet["SubnetId"] for subnet in subnets[:2]]


MAKERS: Mapping[str, Callable[[Client], str]] = {
    "instance": instance,
    "privateimage": image,
    "autoscalinggroup": autoscaling_group,
    "volume": volume,
    "snapshot": snapshot,
    "publicip": address,
    "resourceaccesslist": security_group,
    "natgateway": nat_gateway,
    "loadbalancer": load_balancer,
    "dbinstance": database,
    "dbsnapshot": database_snapshot,
    "dbcluster": database_cluster,
    "dbclustersnapshot": database_cluster_snapshot,
    "distributedtable": table,
    "distributedtablesnapshot": table_backup,
    "bigdatainstance": warehouse,
    "bigdatasnapshot": warehouse_snapshot,
    "containerservice": container_service,
    "nodegroup": node_group,
    "serverlessfunction": function,
    "notebookinstance": notebook,
    "storagecontainer": bucket,
    "serviceuser": user,
    "serviceaccesskey": access_key,
    "notificationtopic": topic,
    "messagequeue": queue,
    "loggroup": log_group,
}

MISSING: Mapping[str, str] = {
    "instance": "i-0123456789abcdef0",
    "privateimage": "ami-0123456789abcdef0",
    "volume": "vol-0123456789abcdef0",
    "snapshot": "snap-0123456789abcdef0",
    "publicip": "eipalloc-0123456789abcdef0",
    "resourceaccesslist": "sg-0123456789abcdef0",
    "natgateway": "nat-0123456789abcdef0",
    "loadbalancer": "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/none/0123456789abcdef",
    "distributedtablesnapshot": "arn:aws:dynamodb:us-east-1:123456789012:table/none/backup/01489602797149-73d8d5bc",
    "containerservice": "none/none",
    "nodegroup": "none/none",
    "serviceaccesskey": "none/AKIA0123456789ABCDEF",
    "notificationtopic": "arn:aws:sns:us-east-1:123456789012:none",
    "messagequeue": "http://127.0.0.1/123456789012/none",
}
"""An id of the right form that is nobody's; elsewhere a name does."""
