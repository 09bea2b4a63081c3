"""The calls that list and read resources of a kind."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from duetime.core.resource_types import GLOBAL_REGION
from duetime.core.resources import Account, Resource
from duetime.providers.aws.entry import Detail, Listing, Reading, ResourceKind
from duetime.providers.aws.errors import code_of, translated
from duetime.providers.aws.mapping import UNREADABLE, resource_of, serves
from duetime.providers.aws.meaning import is_denial, means
from duetime.providers.aws.paths import filled, value_at
from duetime.providers.aws.sessions import Sessions

_T = TypeVar("_T")
Raw = Mapping[str, Any]
"""What AWS says of one resource."""
_HOME = "us-east-1"
_PAGE = 100
"""How many resources are gathered from lists that come in small parts, such as a user's keys."""


class ResourceReads:
    """Reads one kind of resource in one account and region.

    Attributes:
        where: what errors name as their origin.
        region: the region of the resources' ids.
    """

    def __init__(self, kind: ResourceKind, *, sessions: Sessions, account: Account, region: str) -> None:
        self.region = region if kind.regional else GLOBAL_REGION
        self.where = f"AWS account {account.account} in {self.region}"
        self._kind = kind
        self._sessions = sessions
        self._account = account
        # Even what has no region is spoken to in one; it also says which part of the world's clouds the account is in.
        regional = [each for each in (region, *account.regions) if each != GLOBAL_REGION]
        self._endpoint = regional[0] if regional else _HOME

    def pages(self) -> Iterator[Sequence[Resource]]:
        """List everything."""
        pages = self._gathered()
        while True:
            with translated(self.where, changes=False):
                page = next(pages, None)
            if page is None:
                return
            yield tuple(self._resource(raw) for raw in page)

    def read(self, provider_ids: Sequence[str]) -> Mapping[str, Resource]:
        """Read by id, in calls as large as they may be."""
        return {provider_id: self._resource(raw) for provider_id, raw in self.raws(provider_ids).items()}

    def raws(self, provider_ids: Sequence[str]) -> dict[str, Raw]:
        """Return what AWS says of resources, by id; those that are gone are left out."""
        with translated(self.where, changes=False):
            return self._raws(provider_ids)

    def client(self) -> Any:
        """Return the SDK's client of the kind's service."""
        return self._sessions.client(self._kind.service, account=self._account, region=self._endpoint)

    def values(self, provider_ids: Sequence[str], raw: Raw | None = None) -> dict[str, Any]:
        """Return what the paths of a call for these resources may start from."""
        first = provider_ids[0]
        parts = first.split("/")
        return {"id": first, "part": parts, "ids": list(provider_ids), "region": self._endpoint, "raw": raw}

    def _resource(self, raw: Raw) -> Resource:
        return resource_of(self._kind, raw, account=self._account.account, region=self.region)

    # Listing.

    def _gathered(self) -> Iterator[list[Raw]]:
        """Return pages; small ones are put together."""
        gathered: list[Raw] = []
        for found in self._listed(self._kind.listing):
            gathered += self._listed_raws(found)
            if self._kind.listing.parents is None or len(gathered) >= _PAGE:
                yield gathered
                gathered = []
        if gathered:
            yield gathered

    def _listed_raws(self, found: Sequence[Mapping[str, Any]]) -> list[Raw]:
        listing = self._kind.listing
        if listing.listed_id:
            return list(self._raws([value_at(each, listing.listed_id) for each in found]).values())
        return self._completed([each["item"] for each in found])

    def _listed(self, listing: Listing) -> Iterator[list[Mapping[str, Any]]]:
        """Return what is listed, page by page, each with what it was listed for."""
        for parent in self._parents(listing):
            values = {"parent": parent, "region": self._endpoint}
            pages = self._answers(listing.method, filled(listing.parameters, values), page_size=listing.page_size)
            try:
                for page in pages:
                    yield [{"item": item, "parent": parent} for item in value_at(page, listing.items) or ()]
            except ClientError as error:
                if parent is None or not means(error, self._kind.errors.gone):
                    raise

    def _parents(self, listing: Listing) -> Iterator[Any]:
        if listing.parents is None:
            yield None
            return
        for found in self._listed(listing.parents):
            yield from (each["item"] for each in found)

    # Reading.

    def _raws(self, provider_ids: Sequence[str]) -> dict[str, Raw]:
        ids = list(dict.fromkeys(provider_ids))
        found = self._read(ids, self._kind.reading)
        # In the order asked for; and what a call returned beside it, nobody has asked for.
        wanted = [found[provider_id] for provider_id in ids if provider_id in found]
        return {value_at(raw, self._kind.identity): raw for raw in self._completed(wanted)}

    def _read(self, ids: Sequence[str], readings: Sequence[Reading]) -> dict[str, Raw]:
        """Read by the first way. AWS refuses some calls as a whole when one is missing: then by the next, or singly."""
        reading, others = readings[0], readings[1:]
        found: dict[str, Raw] = {}
        for part in self._parts(ids, reading):
            try:
                found |= self._read_part(part, reading)
            except ClientError as error:
                if not means(error, self._kind.errors.gone):
                    raise
                if others:
                    found |= self._read(part, others)
                elif len(part) > 1:
                    for provider_id in part:
                        found |= self._read([provider_id], readings)
        return found

    def _read_part(self, ids: Sequence[str], reading: Reading) -> dict[str, Raw]:
        arguments = filled(reading.parameters, self.values(ids))
        if reading.page_size is None:
            answers: Iterable[Any] = [getattr(self.client(), reading.method)(**arguments)]
        else:
            answers = self._answers(reading.method, arguments, page_size=reading.page_size)
        found = [item for answer in answers for item in _several(value_at(answer, reading.items))]
        if reading.id_into:
            found = [{**item, reading.id_into: ids[0]} for item in found]
        return {value_at(raw, self._kind.identity): raw for raw in found}

    def _parts(self, ids: Sequence[str], reading: Reading) -> Iterator[Sequence[str]]:
        def group(provider_id: str) -> str:
            return str(value_at(self.values([provider_id]), reading.grouped)) if reading.grouped else ""

        for _, same in groupby(sorted(ids, key=group) if reading.grouped else ids, key=group):
            yield from parts(list(same), reading.most)

    def _answers(self, method: str, arguments: Mapping[str, Any], *, page_size: int | None) -> Iterator[Any]:
        client = self.client()
        if client.can_paginate(method):
            yield from client.get_paginator(method).paginate(**arguments, PaginationConfig={"PageSize": page_size})
        else:
            yield getattr(client, method)(**arguments)

    # Details.

    def _completed(self, raws: Sequence[Raw]) -> list[Raw]:
        """Return those that serve, with their details; one that goes meanwhile is left out."""
        completed = [raw for raw in raws if serves(self._kind, raw)]
        for detail in self._kind.details:
            if detail.most > 1:
                completed = [each for part in parts(completed, detail.most) for each in self._with_shared(part, detail)]
            else:
                completed = [each for raw in completed if (each := self._with(raw, detail)) is not None]
        return completed

    def _with(self, raw: Raw, detail: Detail) -> Raw | None:
        values = self.values([str(value_at(raw, self._kind.identity))], raw)
        try:
            answers = list(self._answers(detail.method, filled(detail.parameters, values), page_size=None))
        except ClientError as error:
            if means(error, detail.absent):
                return raw
            if means(error, self._kind.errors.gone):
                return None
            if detail.may_fail and is_denial(error):
                return {**raw, UNREADABLE: [*raw.get(UNREADABLE, ()), f"{detail.into}: {code_of(error)}"]}
            raise
        results = [value_at(answer, detail.result) for answer in answers]
        whole = results[0] if len(results) == 1 else [each for result in results for each in result]
        return {**raw, detail.into: whole}

    def _with_shared(self, raws: Sequence[Raw], detail: Detail) -> list[Raw]:
        owned = {value_at(raw, detail.owned_by): raw for raw in raws}
        try:
            answer = getattr(self.client(), detail.method)(**filled(detail.parameters, {"owners": [*owned]}))
        except ClientError as error:
            if not means(error, self._kind.errors.gone):
                raise
            if len(raws) == 1:
                return []
            return [each for raw in raws for each in self._with_shared([raw], detail)]
        said = {value_at(each, detail.owner): each for each in value_at(answer, detail.result) or ()}
        return [{**raw, detail.into: said.get(owner)} for owner, raw in owned.items()]


def parts(things: Sequence[_T], most: int) -> Iterator[Sequence[_T]]:
    """Return a sequence in parts of at most so many."""
    for start in range(0, len(things), most):
        yield things[start : start + most]


def _several(found: Any) -> Iterable[Any]:
    if found is None:
        return ()
    return found if isinstance(found, list) else (found,)
