"""S3 buckets."""

from duetime.core.resource_types import ResourceType
from duetime.providers.aws.entries.recurring import one_call, whole_tagging
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

_BUCKET = {"Bucket": At("id")}
_EVERYBODY = "http://acs.amazonaws.com/groups/global/"
"""Begins the names of the two groups that are not of this account: all users, and all authenticated ones."""
_CLOSED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}

STORAGE_CONTAINER = ResourceKind(
    resource_type=ResourceType.STORAGE_CONTAINER.value,
    title="S3 bucket",
    service="s3",
    # Names are the world's, buckets are a region's: S3 lists those of one region, and says so in no other way.
    listing=Listing(method="list_buckets", items="Buckets", parameters={"BucketRegion": At("region")}, page_size=1000),
    reading=(
        Reading(
            method="list_buckets",
            items="Buckets",
            parameters={"BucketRegion": At("region"), "Prefix": At("id")},
            page_size=1000,
        ),
    ),
    identity="Name",
    columns=Columns(
        name="Name",
        created_at="CreationDate",
        public=(
            "!!((PolicyStatus.IsPublic && !(PublicAccessBlock.RestrictPublicBuckets)) || "
            f"(Grants[?Grantee.URI && starts_with(Grantee.URI, '{_EVERYBODY}')] && "
            "!(PublicAccessBlock.IgnorePublicAcls)))"
        ),
    ),
    errors=Errors(
        gone=("NoSuchBucket",),
        protected=("MalformedPolicy", "InvalidTag"),
        not_now=("OperationAborted",),
    ),
    details=(
        Detail(
            method="get_public_access_block",
            parameters=_BUCKET,
            into="PublicAccessBlock",
            result="PublicAccessBlockConfiguration",
            absent=("NoSuchPublicAccessBlockConfiguration",),
            may_fail=True,
        ),
        Detail(
            method="get_bucket_policy",
            parameters=_BUCKET,
            into="Policy",
            result="from_json(Policy)",
            absent=("NoSuchBucketPolicy",),
            may_fail=True,
        ),
        Detail(
            method="get_bucket_policy_status",
            parameters=_BUCKET,
            into="PolicyStatus",
            result="PolicyStatus",
            absent=("NoSuchBucketPolicy",),
            may_fail=True,
        ),
        Detail(method="get_bucket_acl", parameters=_BUCKET, into="Grants", result="Grants", may_fail=True),
        Detail(
            method="get_bucket_tagging",
            parameters=_BUCKET,
            into="Tags",
            result="TagSet",
            absent=("NoSuchTagSet",),
            may_fail=True,
        ),
    ),
    fields=("CreationDate", "Grants", "Policy", "PolicyStatus", "PublicAccessBlock"),
    actions={
        "block_public_access": one_call(
            "put_public_access_block",
            {**_BUCKET, "PublicAccessBlockConfiguration": _CLOSED},
            inverse="restore_public_access",
            undone_with={"configuration": "raw.PublicAccessBlock"},
        ),
        "restore_public_access": Action(
            calls=(
                Call(
                    method="put_public_access_block",
                    parameters={**_BUCKET, "PublicAccessBlockConfiguration": At("arguments.configuration")},
                    when="arguments.configuration",
                ),
                Call(method="delete_public_access_block", parameters=_BUCKET, when="!(arguments.configuration)"),
            ),
            takes={"configuration": Argument(kinds=(dict,), required=True, null=True)},
            inverse="restore_public_access",
            undone_with={"configuration": "raw.PublicAccessBlock"},
        ),
        "attach_policy": Action(
            calls=(
                Call(
                    method="put_bucket_policy",
                    parameters={**_BUCKET, "Policy": At("to_string(arguments.policy)")},
                    when="arguments.policy",
                ),
                Call(method="delete_bucket_policy", parameters=_BUCKET, when="!(arguments.policy)"),
            ),
            takes={"policy": Argument(kinds=(dict, str), required=True, null=True)},
            inverse="attach_policy",
            undone_with={"policy": "raw.Policy"},
        ),
        "remove_policy": one_call(
            "delete_bucket_policy",
            _BUCKET,
            inverse="attach_policy",
            undone_with={"policy": "raw.Policy"},
        ),
        **whole_tagging(
            Call(method="put_bucket_tagging", parameters={**_BUCKET, "Tagging": {"TagSet": At("merged")}}),
            Call(method="delete_bucket_tagging", parameters=_BUCKET),
        ),
    },
)
