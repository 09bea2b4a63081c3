"""SNS topics, SQS queues and CloudWatch log groups."""

from duetime.core.resource_types import ResourceType
from duetime.providers.aws.entries.recurring import deletion, tagging
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

NOTIFICATION_TOPIC = ResourceKind(
    resource_type=ResourceType.NOTIFICATION_TOPIC.value,
    title="SNS topic",
    service="sns",
    listing=Listing(method="list_topics", items="Topics"),
    reading=(Reading(method="get_topic_attributes", items="Attributes", parameters={"TopicArn": At("id")}),),
    identity="TopicArn",
    columns=Columns(name="tail(TopicArn)"),
    errors=Errors(
        gone=("NotFound", "ResourceNotFound"), protected=("InvalidState",), not_now=("ConcurrentAccess", "StaleTag")
    ),
    details=(
        Detail(method="list_tags_for_resource", parameters={"ResourceArn": At("id")}, into="Tags", result="Tags"),
    ),
    fields=("TopicArn",),
    actions={
        "delete": deletion("delete_topic", {"TopicArn": At("id")}),
        **tagging(
            Call(method="tag_resource", parameters={"ResourceArn": At("id"), "Tags": At("pairs")}),
            Call(method="untag_resource", parameters={"ResourceArn": At("id"), "TagKeys": At("keys")}),
        ),
    },
)

MESSAGE_QUEUE = ResourceKind(
    resource_type=ResourceType.MESSAGE_QUEUE.value,
    title="SQS queue",
    service="sqs",
    listing=Listing(method="list_queues", items="QueueUrls", page_size=1000, listed_id="item"),
    reading=(
        Reading(
            method="get_queue_attributes",
            items="Attributes",
            parameters={"QueueUrl": At("id"), "AttributeNames": ["All"]},
            id_into="QueueUrl",
        ),
    ),
    identity="QueueUrl",
    columns=Columns(name="tail(QueueArn)", created_at="CreatedTimestamp"),
    errors=Errors(gone=("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")),
    details=(Detail(method="list_queue_tags", parameters={"QueueUrl": At("id")}, into="Tags", result="Tags"),),
    fields=("ApproximateNumberOfMessages", "CreatedTimestamp", "LastModifiedTimestamp", "QueueArn", "RedrivePolicy"),
    actions={
        "delete": deletion("delete_queue", {"QueueUrl": At("id")}),
        **tagging(
            Call(method="tag_queue", parameters={"QueueUrl": At("id"), "Tags": At("arguments.tags")}),
            Call(method="untag_queue", parameters={"QueueUrl": At("id"), "TagKeys": At("keys")}),
        ),
    },
)

LOG_GROUP = ResourceKind(
    resource_type=ResourceType.LOG_GROUP.value,
    title="CloudWatch log group",
    service="logs",
    listing=Listing(method="describe_log_groups", items="logGroups", page_size=50),
    reading=(
        # In the order of names, and the whole name comes before those that only begin with it.
        Reading(
            method="describe_log_groups", items="logGroups", parameters={"logGroupNamePrefix": At("id"), "limit": 1}
        ),
    ),
    identity="logGroupName",
    columns=Columns(
        name="logGroupName",
        tags="tags",
        created_at="creationTime",
        size="logGroupClass",
        protected="deletionProtectionEnabled",
    ),
    errors=Errors(
        gone=("ResourceNotFoundException",),
        protected=("ValidationException", "InvalidParameterException"),
        not_now=("OperationAbortedException",),
    ),
    details=(
        Detail(
            method="list_tags_for_resource",
            parameters={"resourceArn": At("raw.logGroupArn")},
            into="tags",
            result="tags",
        ),
    ),
    fields=("creationTime", "kmsKeyId", "logGroupArn", "logGroupClass", "retentionInDays", "storedBytes"),
    actions={
        "set_retention": Action(
            calls=(
                Call(
                    method="put_retention_policy",
                    parameters={"logGroupName": At("id"), "retentionInDays": At("arguments.days")},
                    when="arguments.days != `null`",
                ),
                Call(
                    method="delete_retention_policy",
                    parameters={"logGroupName": At("id")},
                    when="arguments.days == `null`",
                ),
            ),
            takes={"days": Argument(kinds=(int,), required=True, null=True)},
            inverse="set_retention",
            undone_with={"days": "raw.retentionInDays"},
        ),
        "delete": deletion("delete_log_group", {"logGroupName": At("id")}),
        **tagging(
            Call(
                method="tag_resource", parameters={"resourceArn": At("raw.logGroupArn"), "tags": At("arguments.tags")}
            ),
            Call(method="untag_resource", parameters={"resourceArn": At("raw.logGroupArn"), "tagKeys": At("keys")}),
            reads=True,
        ),
    },
)
