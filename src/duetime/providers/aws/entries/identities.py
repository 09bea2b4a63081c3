"""IAM users and their access keys, which an account has once for all regions."""

from duetime.core.resource_types import ResourceType
from duetime.providers.aws.entries.recurring import deletion, one_call, tagging
from duetime.providers.aws.entry import At, Call, Columns, Detail, Errors, Listing, Reading, ResourceKind

_USERS = Listing(method="list_users", items="Users", page_size=1000)
_KEY = {"UserName": At("part[0]"), "AccessKeyId": At("part[1]")}

SERVICE_USER = ResourceKind(
    resource_type=ResourceType.SERVICE_USER.value,
    title="IAM user",
    service="iam",
    regional=False,
    listing=_USERS,
    reading=(Reading(method="get_user", items="User", parameters={"UserName": At("id")}),),
    identity="UserName",
    columns=Columns(name="UserName", created_at="CreateDate", last_used_at="PasswordLastUsed"),
    errors=Errors(gone=("NoSuchEntity",), not_now=("ConcurrentModification",)),
    details=(Detail(method="list_user_tags", parameters={"UserName": At("id")}, into="Tags", result="Tags"),),
    fields=("Arn", "CreateDate", "PasswordLastUsed", "Path", "PermissionsBoundary", "UserId"),
    # Not `delete`: a user is refused until keys, policies, groups and devices are gone, and none of that comes back.
    actions=tagging(
        Call(method="tag_user", parameters={"UserName": At("id"), "Tags": At("pairs")}),
        Call(method="untag_user", parameters={"UserName": At("id"), "TagKeys": At("keys")}),
    ),
)

SERVICE_ACCESS_KEY = ResourceKind(
    resource_type=ResourceType.SERVICE_ACCESS_KEY.value,
    title="IAM access key",
    service="iam",
    regional=False,
    listing=Listing(
        method="list_access_keys",
        items="AccessKeyMetadata",
        parameters={"UserName": At("parent.UserName")},
        page_size=1000,
        parents=_USERS,
    ),
    reading=(
        Reading(
            method="list_access_keys",
            items="AccessKeyMetadata",
            parameters={"UserName": At("part[0]")},
            most=10,
            grouped="part[0]",
        ),
    ),
    identity="join('/', [UserName, AccessKeyId])",
    columns=Columns(
        name="AccessKeyId", state="Status", tags="", created_at="CreateDate", last_used_at="LastUsed.LastUsedDate"
    ),
    errors=Errors(gone=("NoSuchEntity",)),
    details=(
        Detail(
            method="get_access_key_last_used",
            parameters={"AccessKeyId": At("part[1]")},
            into="LastUsed",
            result="AccessKeyLastUsed",
        ),
    ),
    fields=("AccessKeyId", "CreateDate", "LastUsed", "UserName"),
    actions={
        "disable": one_call(
            "update_access_key",
            {**_KEY, "Status": "Inactive"},
            inverse="enable",
            wanted=frozenset({"Inactive"}),
        ),
        "enable": one_call(
            "update_access_key",
            {**_KEY, "Status": "Active"},
            inverse="disable",
            wanted=frozenset({"Active"}),
        ),
        "delete": deletion("delete_access_key", _KEY),
    },
)
