"""Addresses, security groups, NAT gateways and load balancers."""

from duetime.core.resource_types import ResourceType
from duetime.providers.aws.entries.recurring import deletion, ec2_reading, ec2_tagging, one_call, tagging
from duetime.providers.aws.entry import (
    Action,
    Argument,
    At,
    Call,
    Columns,
    Detail,
    Errors,
    Listing,
    Reading,
    ResourceKind,
)

_TEXT_OR_NULL = Argument(kinds=(str,), null=True)

PUBLIC_IP = ResourceKind(
    resource_type=ResourceType.PUBLIC_IP.value,
    title="Elastic IP",
    service="ec2",
    listing=Listing(method="describe_addresses", items="Addresses"),
    reading=ec2_reading(
        "describe_addresses", "Addresses", ids="AllocationIds", by_filter="allocation-id", page_size=None
    ),
    identity="AllocationId",
    columns=Columns(name="PublicIp", attached="AssociationId != `null`"),
    errors=Errors(
        gone=("InvalidAllocationID", "InvalidAddress.NotFound", "InvalidAddressID.NotFound"),
        protected=("InvalidIPAddress.InUse", "InvalidAddress.Locked", "Resource.AlreadyAssociated"),
    ),
    fields=("AssociationId", "Domain", "InstanceId", "NetworkInterfaceId", "PrivateIpAddress", "PublicIp"),
    actions={
        "detach": Action(
            calls=(
                Call(
                    method="disassociate_address",
                    parameters={"AssociationId": At("raw.AssociationId")},
                    when="raw.AssociationId",
                ),
            ),
            reads=True,
            inverse="attach",
            undone_with={
                "instance": "raw.InstanceId",
                "interface": "raw.NetworkInterfaceId",
                "private_address": "raw.PrivateIpAddress",
            },
        ),
        "attach": Action(
            calls=(
                Call(
                    method="associate_address",
                    parameters={
                        "AllocationId": At("id"),
                        # AWS takes the one or the other; the interface says more.
                        "NetworkInterfaceId": At("arguments.interface"),
                        "InstanceId": At("!(arguments.interface) && arguments.instance || `null`"),
                        "PrivateIpAddress": At("arguments.private_address"),
                        "AllowReassociation": False,  # what somebody attached meanwhile stays
                    },
                    when="arguments.interface || arguments.instance",
                ),
            ),
            takes=dict.fromkeys(("instance", "interface", "private_address"), _TEXT_OR_NULL),
            inverse="detach",
        ),
        "release": one_call("release_address", {"AllocationId": At("id")}, destructive=True),
        **ec2_tagging(),
    },
)

RESOURCE_ACCESS_LIST = ResourceKind(
    resource_type=ResourceType.RESOURCE_ACCESS_LIST.value,
    title="Security group",
    service="ec2",
    listing=Listing(method="describe_security_groups", items="SecurityGroups", page_size=1000),
    reading=ec2_reading("describe_security_groups", "SecurityGroups", ids="GroupIds", by_filter="group-id"),
    identity="GroupId",
    columns=Columns(name="GroupName"),
    errors=Errors(
        gone=("InvalidGroup.NotFound", "InvalidGroupId", "InvalidSecurityGroupID"),
        protected=("DependencyViolation", "InvalidGroup.InUse", "CannotDelete"),
    ),
    fields=("Description", "GroupName", "IpPermissions", "IpPermissionsEgress", "OwnerId", "VpcId"),
    actions={"delete": deletion("delete_security_group", {"GroupId": At("id")}), **ec2_tagging()},
)

NAT_GATEWAY = ResourceKind(
    resource_type=ResourceType.NAT_GATEWAY.value,
    title="NAT gateway",
    service="ec2",
    listing=Listing(method="describe_nat_gateways", items="NatGateways", page_size=1000),
    reading=ec2_reading(
        "describe_nat_gateways", "NatGateways", ids="NatGatewayIds", by_filter="nat-gateway-id", filters="Filter"
    ),
    identity="NatGatewayId",
    columns=Columns(state="State", created_at="CreateTime", public="ConnectivityType == 'public'"),
    errors=Errors(gone=("NatGatewayNotFound", "NatGatewayMalformed", "InvalidNatGatewayID")),
    fields=("ConnectivityType", "CreateTime", "FailureMessage", "NatGatewayAddresses", "SubnetId", "VpcId"),
    gone=frozenset({"deleted"}),
    actions={
        "delete": deletion(
            "delete_nat_gateway",
            {"NatGatewayId": At("id")},
            wanted=frozenset({"deleting"}),
            passing=frozenset({"pending"}),
        ),
        **ec2_tagging(),
    },
)

LOAD_BALANCER = ResourceKind(
    resource_type=ResourceType.LOAD_BALANCER.value,
    title="Load balancer",
    service="elbv2",
    listing=Listing(method="describe_load_balancers", items="LoadBalancers", page_size=400),
    reading=(
        Reading(
            method="describe_load_balancers",
            items="LoadBalancers",
            parameters={"LoadBalancerArns": At("ids")},
            most=20,
        ),
    ),
    identity="LoadBalancerArn",
    columns=Columns(
        name="LoadBalancerName",
        state="State.Code",
        tags="TagDescription.Tags",
        created_at="CreatedTime",
        size="Type",
        public="Scheme == 'internet-facing'",
        protected="length(Attributes[?Key == 'deletion_protection.enabled' && Value == 'true']) > `0`",
    ),
    errors=Errors(gone=("LoadBalancerNotFound",), protected=("OperationNotPermitted", "ResourceInUse")),
    details=(
        Detail(
            method="describe_tags",
            parameters={"ResourceArns": At("owners")},
            into="TagDescription",
            result="TagDescriptions",
            most=20,
            owner="ResourceArn",
            owned_by="LoadBalancerArn",
        ),
        Detail(
            method="describe_load_balancer_attributes",
            parameters={"LoadBalancerArn": At("id")},
            into="Attributes",
            result="Attributes",
        ),
    ),
    fields=("AvailabilityZones", "CreatedTime", "DNSName", "Scheme", "SecurityGroups", "Type", "VpcId"),
    actions={
        "delete": deletion("delete_load_balancer", {"LoadBalancerArn": At("id")}, passing=frozenset({"provisioning"})),
        **tagging(
            Call(method="add_tags", parameters={"ResourceArns": At("ids"), "Tags": At("pairs")}),
            Call(method="remove_tags", parameters={"ResourceArns": At("ids"), "TagKeys": At("keys")}),
            batch=20,
        ),
    },
)
