"""The calls that list, read and change resources of a kind."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from duetime.core.outcomes import Failed, GroupRefused, JobOutcome, Skipped, Succeeded
from duetime.core.resources import Account, Resource
from duetime.providers.aws.catalogue import Action, ResourceKind
from duetime.providers.aws.errors import Refusal, code_of, refusal_of, translated
from duetime.providers.aws.mapping import resources_of, value_at
from duetime.providers.aws.sessions import Sessions

GONE = "the resource does not exist any more"


class ResourceCalls:
    """Speaks to one kind of resource in one account and region."""

    def __init__(self, kind: ResourceKind, *, sessions: Sessions, account: Account, region: str) -> None:
        self._kind = kind
        self._sessions = sessions
        self._account = account
        self._region = region
        self._where = f"AWS account {account.account} in {region}"

    def pages(self) -> Iterator[Sequence[Resource]]:
        """List everything."""
        with translated(self._where, changes=False):
            pages = self._described({}, page_size=self._kind.page_size)
        while True:
            with translated(self._where, changes=False):
                page = next(pages, None)
            if page is None:
                return
            yield self._resources(page)

    def read(self, provider_ids: Sequence[str]) -> Mapping[str, Resource]:
        """Read by id, in calls as large as they may be.

        By ids first: AWS answers that fastest and takes a thousand of them. It refuses the whole call when one is
        missing; only then by filter, which passes over missing ones and takes two hundred.
        """
        found: dict[str, Resource] = {}
        with translated(self._where, changes=False):
            for ids in _parts(provider_ids, self._kind.ids_per_read):
                try:
                    found |= self._read({self._kind.ids: ids})
                except ClientError as error:
                    if not code_of(error).startswith(self._kind.missing):
                        raise
                    for values in _parts(ids, self._kind.ids_per_filter):
                        found |= self._read({"Filters": [{"Name": self._kind.id_filter, "Values": values}]})
        return found

    def act(self, action: Action, provider_ids: Sequence[str]) -> Mapping[str, JobOutcome]:
        """Do it to all of them in one call.

        A refused call is answered with `GroupRefused`, although EC2 does not promise that nothing was done: it is
        right only for actions that may be repeated, as starting and stopping may.
        """
        ids = list(dict.fromkeys(provider_ids))
        if not ids:
            return {}
        with translated(self._where, changes=True):
            client = self._client()
            try:
                answer = getattr(client, action.call)(**{self._kind.ids: ids})
            except ClientError as error:
                refusal = refusal_of(error, operation=client.meta.method_to_api_mapping[action.call])
                if refusal is None:
                    raise
                if len(ids) > 1:
                    raise GroupRefused(refusal.text) from error
                return {ids[0]: self._refused(ids[0], refusal)}
        done = {value_at(raw, self._kind.identity): raw for raw in answer.get(action.answer, ())}
        return {provider_id: _done(action, done.get(provider_id)) for provider_id in ids}

    def _refused(self, provider_id: str, refusal: Refusal) -> JobOutcome:
        if refusal.code.startswith(self._kind.missing) and refusal.retry:
            return Skipped(GONE)
        # AWS says of a terminated instance only that its state does not fit.
        if "State" in refusal.code and provider_id not in self.read([provider_id]):
            return Skipped(GONE)
        return Failed(refusal.text, retry=refusal.retry)

    def _read(self, arguments: Mapping[str, Any]) -> dict[str, Resource]:
        pages = self._described(arguments, page_size=self._kind.page_size if "Filters" in arguments else None)
        return {resource.provider_id: resource for page in pages for resource in self._resources(page)}

    def _described(self, arguments: Mapping[str, Any], *, page_size: int | None) -> Iterator[Mapping[str, Any]]:
        # AWS refuses a page size beside ids: they are the page.
        paginator = self._client().get_paginator(self._kind.list_call)
        pages: Iterator[Mapping[str, Any]] = iter(
            paginator.paginate(**arguments, PaginationConfig={"PageSize": page_size})
        )
        return pages

    def _resources(self, page: Mapping[str, Any]) -> tuple[Resource, ...]:
        return resources_of(self._kind, page, account=self._account.account, region=self._region)

    def _client(self) -> Any:
        return self._sessions.client(self._kind.service, account=self._account, region=self._region)


def _done(action: Action, raw: Mapping[str, Any] | None) -> JobOutcome:
    if raw is None:
        return Failed(f"{action.call} was accepted, but its answer does not mention this resource")
    return Succeeded({"before": value_at(raw, action.before), "after": value_at(raw, action.after)})


def _parts(ids: Sequence[str], most: int) -> Iterator[list[str]]:
    distinct = list(dict.fromkeys(ids))
    for start in range(0, len(distinct), most):
        yield distinct[start : start + most]
