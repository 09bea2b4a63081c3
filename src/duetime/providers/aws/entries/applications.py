"""What runs programs: ECS services, EKS node groups, Lambda functions and SageMaker notebooks."""

from duetime.core.resource_types import ResourceType
from duetime.providers.aws.entries.recurring import deletion, one_call, tagging
from duetime.providers.aws.entry import (
    Action,
    Argument,
    At,
    Call,
    Columns,
    Detail,
    Errors,
    ForEach,
    Listing,
    Reading,
    ResourceKind,
)

_NUMBER = Argument(kinds=(int,))
_NOTEBOOK_BUSY = frozenset({"Deleting", "Pending", "Stopping", "Updating"})

CONTAINER_SERVICE = ResourceKind(
    resource_type=ResourceType.CONTAINER_SERVICE.value,
    title="ECS service",
    service="ecs",
    listing=Listing(
        method="list_services",
        items="serviceArns",
        parameters={"cluster": At("parent")},
        page_size=100,
        parents=Listing(method="list_clusters", items="clusterArns", page_size=100),
        listed_id="join('/', [tail(parent), tail(item)])",
    ),
    reading=(
        Reading(
            method="describe_services",
            items="services",
            parameters={"cluster": At("part[0]"), "services": At("ids[*].tail(@)"), "include": ["TAGS"]},
            most=10,
            grouped="part[0]",
        ),
    ),
    identity="join('/', [tail(clusterArn), serviceName])",
    columns=Columns(name="serviceName", state="status", tags="tags", created_at="createdAt", size="launchType"),
    errors=Errors(
        gone=("ServiceNotFoundException", "ServiceNotActiveException", "ClusterNotFoundException"),
        protected=("InvalidParameterException",),
    ),
    fields=("createdAt", "desiredCount", "launchType", "pendingCount", "runningCount", "taskDefinition"),
    gone=frozenset({"INACTIVE"}),
    actions={
        "scale": one_call(
            "update_service",
            {
                "cluster": At("part[0]"),
                "service": At("part[1]"),
                "desiredCount": At("arguments.desired"),
            },
            reads=True,
            takes={"desired": Argument(kinds=(int,), required=True)},
            data={"before": "raw.desiredCount", "after": "answer.service.desiredCount"},
            inverse="scale",
            undone_with={"desired": "raw.desiredCount"},
            passing=frozenset({"DRAINING"}),
        ),
        **tagging(
            Call(
                method="tag_resource",
                parameters={
                    "resourceArn": At("raw.serviceArn"),
                    "tags": ForEach("pairs", {"key": At("each.Key"), "value": At("each.Value")}),
                },
            ),
            Call(method="untag_resource", parameters={"resourceArn": At("raw.serviceArn"), "tagKeys": At("keys")}),
            reads=True,
        ),
    },
)

NODE_GROUP = ResourceKind(
    resource_type=ResourceType.NODE_GROUP.value,
    title="EKS node group",
    service="eks",
    listing=Listing(
        method="list_nodegroups",
        items="nodegroups",
        parameters={"clusterName": At("parent")},
        page_size=100,
        parents=Listing(method="list_clusters", items="clusters", page_size=100),
        listed_id="join('/', [parent, item])",
    ),
    reading=(
        Reading(
            method="describe_nodegroup",
            items="nodegroup",
            parameters={"clusterName": At("part[0]"), "nodegroupName": At("part[1]")},
        ),
    ),
    identity="join('/', [clusterName, nodegroupName])",
    columns=Columns(name="nodegroupName", state="status", tags="tags", created_at="createdAt", size="instanceTypes[0]"),
    errors=Errors(
        gone=("ResourceNotFoundException",),
        protected=("InvalidParameterException", "InvalidRequestException"),
        not_now=("ResourceInUseException",),
    ),
    fields=("amiType", "capacityType", "createdAt", "health", "instanceTypes", "scalingConfig", "version"),
    actions={
        "scale": one_call(
            "update_nodegroup_config",
            {
                "clusterName": At("part[0]"),
                "nodegroupName": At("part[1]"),
                "scalingConfig": {
                    "minSize": At("arguments.minimum"),
                    "maxSize": At("arguments.maximum"),
                    "desiredSize": At("arguments.desired"),
                },
            },
            reads=True,
            takes=dict.fromkeys(("minimum", "maximum", "desired"), _NUMBER),
            data={"before": "raw.scalingConfig.desiredSize", "after": "arguments.desired"},
            inverse="scale",
            undone_with={
                "minimum": "raw.scalingConfig.minSize",
                "maximum": "raw.scalingConfig.maxSize",
                "desired": "raw.scalingConfig.desiredSize",
            },
            passing=frozenset({"CREATING", "DELETING", "UPDATING"}),
        ),
        **tagging(
            Call(
                method="tag_resource",
                parameters={"resourceArn": At("raw.nodegroupArn"), "tags": At("arguments.tags")},
            ),
            Call(method="untag_resource", parameters={"resourceArn": At("raw.nodegroupArn"), "tagKeys": At("keys")}),
            reads=True,
        ),
    },
)

SERVERLESS_FUNCTION = ResourceKind(
    resource_type=ResourceType.SERVERLESS_FUNCTION.value,
    title="Lambda function",
    service="lambda",
    # The list leaves out tags and the reserved concurrency; reading one by one says both in a single call.
    listing=Listing(method="list_functions", items="Functions", page_size=50, listed_id="item.FunctionName"),
    reading=(
        Reading(
            method="get_function",
            items="merge(Configuration, {Tags: Tags, Concurrency: Concurrency})",
            parameters={"FunctionName": At("id")},
        ),
    ),
    identity="FunctionName",
    columns=Columns(
        name="FunctionName",
        # Without concurrency it cannot run; that is what `disable` makes of it.
        state="Concurrency.ReservedConcurrentExecutions == `0` && 'Disabled' || State",
        size="to_string(MemorySize)",
    ),
    errors=Errors(
        gone=("ResourceNotFoundException",),
        protected=("InvalidParameterValueException",),
        not_now=("ResourceConflictException",),
    ),
    fields=(
        "Architectures",
        "CodeSize",
        "FunctionArn",
        "LastModified",
        "MemorySize",
        "Runtime",
        "Timeout",
        "VpcConfig",
    ),
    actions={
        "disable": one_call(
            "put_function_concurrency",
            {"FunctionName": At("id"), "ReservedConcurrentExecutions": 0},
            inverse="enable",
            undone_with={"concurrency": "raw.Concurrency.ReservedConcurrentExecutions"},
            wanted=frozenset({"Disabled"}),
            passing=frozenset({"Pending"}),
        ),
        "enable": Action(
            calls=(
                Call(
                    method="put_function_concurrency",
                    parameters={
                        "FunctionName": At("id"),
                        "ReservedConcurrentExecutions": At("arguments.concurrency"),
                    },
                    when="arguments.concurrency != `null`",
                ),
                Call(
                    method="delete_function_concurrency",
                    parameters={"FunctionName": At("id")},
                    when="arguments.concurrency == `null`",
                ),
            ),
            takes={"concurrency": Argument(kinds=(int,), null=True)},
            inverse="enable",
            undone_with={"concurrency": "raw.Concurrency.ReservedConcurrentExecutions"},
        ),
        "delete": deletion("delete_function", {"FunctionName": At("id")}, passing=frozenset({"Pending"})),
        **tagging(
            Call(method="tag_resource", parameters={"Resource": At("raw.FunctionArn"), "Tags": At("arguments.tags")}),
            Call(method="untag_resource", parameters={"Resource": At("raw.FunctionArn"), "TagKeys": At("keys")}),
            reads=True,
        ),
    },
)

NOTEBOOK_INSTANCE = ResourceKind(
    resource_type=ResourceType.NOTEBOOK_INSTANCE.value,
    title="SageMaker notebook",
    service="sagemaker",
    listing=Listing(method="list_notebook_instances", items="NotebookInstances", page_size=100),
    reading=(Reading(method="describe_notebook_instance", items="", parameters={"NotebookInstanceName": At("id")}),),
    identity="NotebookInstanceName",
    columns=Columns(
        name="NotebookInstanceName",
        state="NotebookInstanceStatus",
        created_at="CreationTime",
        size="InstanceType",
    ),
    errors=Errors(
        gone=("ValidationException: RecordNotFound",),
        protected=("ValidationException",),
        not_now=("ResourceLimitExceeded",),
    ),
    details=(
        Detail(
            method="list_tags", parameters={"ResourceArn": At("raw.NotebookInstanceArn")}, into="Tags", result="Tags"
        ),
    ),
    fields=("CreationTime", "InstanceType", "LastModifiedTime", "NotebookInstanceArn"),
    actions={
        "start": one_call(
            "start_notebook_instance",
            {"NotebookInstanceName": At("id")},
            inverse="stop",
            wanted=frozenset({"InService"}),
            passing=_NOTEBOOK_BUSY,
        ),
        "stop": one_call(
            "stop_notebook_instance",
            {"NotebookInstanceName": At("id")},
            inverse="start",
            wanted=frozenset({"Stopped"}),
            passing=_NOTEBOOK_BUSY,
        ),
        "delete": deletion(
            "delete_notebook_instance",
            {"NotebookInstanceName": At("id")},
            wanted=frozenset({"Deleting"}),
            passing=_NOTEBOOK_BUSY - {"Deleting"},
        ),
        **tagging(
            Call(method="add_tags", parameters={"ResourceArn": At("raw.NotebookInstanceArn"), "Tags": At("pairs")}),
            Call(
                method="delete_tags",
                parameters={"ResourceArn": At("raw.NotebookInstanceArn"), "TagKeys": At("keys")},
            ),
            reads=True,
        ),
    },
)
