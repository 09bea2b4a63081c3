"""`/api/v1/accounts`: the clouds that are read."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from duetime.app.account_changes import change_badges, pending_in, remove_account, save_account
from duetime.bots.durations import read_duration
from duetime.core.access import Feature, Role
from duetime.core.resources import Account, AccountStatus
from duetime.core.statuses import EventStatus
from duetime.web.account_steering import account_for, harvest_account, require_new_account
from duetime.web.answers import not_modified
from duetime.web.api.page_body import PageOut
from duetime.web.api.paths import API
from duetime.web.api_route import ApiRoute
from duetime.web.etags import IfNoneMatch, single
from duetime.web.need import CurrentVisitor, needs
from duetime.web.paging import Cursor, Limit, read_text, write_text
from duetime.web.parameters import PlainText
from duetime.web.payloads import shown_mapping
from duetime.web.ports import CurrentApp
from duetime.web.short_lists import page_by_name
from duetime.web.visitor import Visitor

router = APIRouter(prefix=f"{API}/accounts", tags=["accounts"], route_class=ApiRoute)
AccountName = Annotated[
    PlainText, Path(min_length=1, max_length=200, pattern=r"^[^:/\s]+$", description="The account's id.")
]
_Word = Annotated[PlainText, Field(min_length=1, max_length=200)]


class AccountOut(BaseModel):
    """A cloud account, without anything secret."""

    account: str
    provider: str
    name: str
    regions: list[str]
    badges: dict[str, str]
    status: AccountStatus
    harvested_at: datetime | None
    failures: int = Field(description="Harvests that failed one after the other.")
    last_error: str
    settings: dict[str, Any] | None = Field(description="Without secrets; null when you may not see payloads.")

    @classmethod
    def of(cls, account: Account, visitor: Visitor) -> "AccountOut":
        """Return an account as this visitor sees it."""
        return cls(
            account=account.account,
            provider=account.provider,
            name=account.name,
            regions=list(account.regions),
            badges=dict(account.badges),
            status=account.status,
            harvested_at=account.harvested_at,
            failures=account.failures,
            last_error=account.last_error,
            settings=shown_mapping(
                account.settings, visitor=visitor, feature=Feature.ACCOUNTS, account=account.account
            ),
        )


class AccountIn(BaseModel):
    """What an account shall be."""

    model_config = ConfigDict(extra="forbid")
    provider: _Word = "aws"
    regions: list[_Word] = Field(min_length=1, max_length=100)
    name: Annotated[PlainText, Field(max_length=200)] = ""
    settings: dict[_Word, bool | int | PlainText] = Field(
        default_factory=dict,
        description="What its provider needs, such as `role_arn`. Never a secret: credentials stay where workers run.",
    )
    badges: dict[_Word, Annotated[PlainText, Field(max_length=200)]] = Field(default_factory=dict)
    every: Annotated[PlainText, Field(max_length=64, description="How often it is harvested; `0s` for never.")] = "1h"


class BadgesIn(BaseModel):
    """Which badges an account gets, and which it loses."""

    model_config = ConfigDict(extra="forbid")
    give: dict[_Word, Annotated[PlainText, Field(max_length=200)]] = Field(default_factory=dict)
    take: list[_Word] = Field(default_factory=list)


class HarvestOut(BaseModel):
    """A harvest that was asked for."""

    event_id: int
    status: EventStatus
    watch: str = Field(description="Where `harvested_at` and `failures` say what came of it.")


class RemovedOut(BaseModel):
    """What removing an account took away, or would."""

    is_preview: bool
    resources: int | None = Field(description="How many resources were forgotten; null in a preview.")
    cancelled: int = Field(description="How many pending events of them were cancelled, or would be.")


@router.get("", dependencies=[needs(Feature.ACCOUNTS)])
def list_accounts(
    app: CurrentApp, visitor: CurrentVisitor, limit: Limit = 100, cursor: Cursor = None
) -> PageOut[AccountOut]:
    """List the accounts, whether their credentials serve, and how their last harvests went."""
    reach = visitor.reach(Feature.ACCOUNTS)
    with app.store.read() as tx:
        found = [account for account in tx.accounts.all() if reach.covers(account.account)]
    found.sort(key=lambda account: account.account)
    page = page_by_name(found, name=lambda account: account.account, after=read_text(cursor), most=limit)
    return PageOut(items=[AccountOut.of(each, visitor) for each in page.rows], next=write_text(page.next))


@router.get("/{account}", dependencies=[needs(Feature.ACCOUNTS)], response_model=AccountOut, responses=not_modified())
def get_account(
    account: AccountName, app: CurrentApp, visitor: CurrentVisitor, if_none_match: IfNoneMatch = None
) -> Response:
    """Get an account."""
    with app.store.read() as tx:
        body = AccountOut.of(account_for(tx, visitor, account), visitor)
    return single(body, if_none_match=if_none_match)


@router.put("/{account}", dependencies=[needs(Feature.ACCOUNTS, Role.ADMIN)])
def put_account(account: AccountName, body: AccountIn, app: CurrentApp, visitor: CurrentVisitor) -> AccountOut:
    """Add an account, or change what is known of it. No call to the cloud is made.

    This is for administrators of all accounts: the settings say with which rights of the workers it is read.
    """
    require_new_account(visitor)
    wanted = Account(
        account,
        provider=body.provider,
        name=body.name,
        regions=tuple(dict.fromkeys(body.regions)),
        settings=body.settings,
    )
    nothing = body.every.strip() in ("0", "0s")
    every = timedelta(0) if nothing else read_duration(body.every, name="every")
    saved, _ = save_account(app, wanted, badges=body.badges, every=every, actor=visitor.actor)
    return AccountOut.of(saved, visitor)


@router.post("/{account}/badges", dependencies=[needs(Feature.ACCOUNTS, Role.EDITOR)])
def change_account_badges(account: AccountName, body: BadgesIn, app: CurrentApp, visitor: CurrentVisitor) -> AccountOut:
    """Give an account badges, and take some from it; bots' scopes ask for them."""
    with app.store.read() as tx:
        account_for(tx, visitor, account, Role.EDITOR)
    return AccountOut.of(change_badges(app, account, given=body.give, taken=body.take, actor=visitor.actor), visitor)


@router.post(
    "/{account}/harvest",
    dependencies=[needs(Feature.ACCOUNTS, Role.EDITOR)],
    status_code=202,
    response_model=HarvestOut,
)
def harvest_now(account: AccountName, app: CurrentApp, visitor: CurrentVisitor) -> Response:
    """Have a worker read an account now. While a harvest that was asked for waits or runs, it is that one."""
    event = harvest_account(app, visitor, account)
    body = HarvestOut(event_id=event.event_id, status=event.status, watch=f"{API}/accounts/{account}")
    return JSONResponse(body.model_dump(mode="json"), status_code=202, headers={"Location": body.watch})


@router.delete("/{account}", dependencies=[needs(Feature.ACCOUNTS, Role.ADMIN)])
def delete_account(
    account: AccountName,
    app: CurrentApp,
    visitor: CurrentVisitor,
    *,
    preview: Annotated[bool, Query(description="Change nothing; say what would be.")] = False,
) -> RemovedOut:
    """Remove an account: its harvests, its resources from the inventory, and the pending events of these resources.

    Nothing is done in the cloud. History stays.
    """
    with app.store.read() as tx:
        account_for(tx, visitor, account, Role.ADMIN)
    if preview:
        return RemovedOut(is_preview=True, resources=None, cancelled=pending_in(app, account))
    removed = remove_account(app, account, actor=visitor.actor)
    return RemovedOut(is_preview=False, resources=removed.resources, cancelled=removed.cancelled)
