"""The calls that change resources of a kind."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from duetime.core.errors import ProviderFailed, Throttled
from duetime.core.json_types import JsonObject
from duetime.core.outcomes import Failed, GroupRefused, JobOutcome, Skipped, Snoozed, Succeeded
from duetime.core.resources import Account
from duetime.providers.aws.call_values import argument_values, check_arguments
from duetime.providers.aws.entry import Action, Call, ResourceKind
from duetime.providers.aws.errors import Refusal, refusal_of, translated
from duetime.providers.aws.mapping import UNREADABLE, plain, tags_of
from duetime.providers.aws.meaning import means
from duetime.providers.aws.paths import filled, value_at
from duetime.providers.aws.resource_reads import Raw, ResourceReads, parts
from duetime.providers.aws.sessions import Sessions
from duetime.providers.errors import OutcomeUnknown

GONE = "the resource does not exist any more"
_NOTHING_TO_DO = {"changed": False, "note": "there was nothing to do"}


class _Refused(Exception):
    """AWS refused one call of an action because of what it was to be done to."""

    def __init__(self, refusal: Refusal, error: ClientError) -> None:
        super().__init__(refusal.text)
        self.refusal = refusal
        self.error = error


class ResourceCalls:
    """Changes one kind of resource in one account and region."""

    def __init__(self, kind: ResourceKind, *, sessions: Sessions, account: Account, region: str) -> None:
        self.reads = ResourceReads(kind, sessions=sessions, account=account, region=region)
        self._kind = kind

    def before(self, name: str, provider_ids: Sequence[str], arguments: Mapping[str, Any]) -> dict[str, JsonObject]:
        """Return the arguments of the inverse by id: see `core.cloud.Cloud.before`.

        Raises:
            GroupRefused: one of several does not let us read what its inverse would need.
            ProviderFailed: the only one does not.
        """
        action = self._checked(name, arguments)
        ids = list(dict.fromkeys(provider_ids))
        if action.inverse is None:
            return {}
        if not action.undone_with:
            return {provider_id: {} for provider_id in ids}
        raws = self.reads.raws(ids)
        self._refuse_unreadable(raws, alone=len(ids) == 1)
        kept: dict[str, JsonObject] = {}
        for provider_id, raw in raws.items():
            values = self._values([provider_id], raw, arguments)
            kept[provider_id] = {key: plain(value_at(values, path)) for key, path in action.undone_with.items()}
        return kept

    def act(self, name: str, provider_ids: Sequence[str], arguments: Mapping[str, Any]) -> dict[str, JobOutcome]:
        """Do it to all of them, in calls as large as they may be.

        A refused call for several is answered with `GroupRefused`, although AWS does not promise that nothing was done:
        it is right only for actions that may be repeated, and no others have a batch.

        Raises:
            GroupRefused, OutcomeUnknown, ProviderFailed: see `providers.port.Provider.act`. When calls before had an
                answer, the outcomes say of the rest that nothing was done: an act is not taken for undone when part of
                it was done.
        """
        action = self._checked(name, arguments)
        ids = list(dict.fromkeys(provider_ids))
        raws = self.reads.raws(ids) if action.reads else {}
        self._refuse_unreadable(raws, alone=len(ids) == 1)
        outcomes: dict[str, JobOutcome] = {}
        if action.reads:
            outcomes = {provider_id: Skipped(GONE) for provider_id in ids if provider_id not in raws}
        calls = list(parts([provider_id for provider_id in ids if provider_id not in outcomes], action.batch))
        for number, members in enumerate(calls):
            try:
                outcomes |= self._act(action, members, raws, arguments, alone=len(calls) == 1)
            except ProviderFailed as error:
                rest = [provider_id for later in calls[number + 1 :] for provider_id in later]
                if isinstance(error, OutcomeUnknown):
                    error.known = outcomes | _not_tried(rest, error)
                    raise
                if number == 0:
                    raise
                outcomes |= _not_done(members, error) | _not_tried(rest, error)
                break
        return outcomes

    def _act(
        self,
        action: Action,
        members: Sequence[str],
        raws: Mapping[str, Raw],
        arguments: Mapping[str, Any],
        *,
        alone: bool,
    ) -> dict[str, JobOutcome]:
        """Do it to the members of one call; of several calls, a refused one's members are tried singly at once."""
        try:
            with translated(self.reads.where, changes=True):
                return self._called(action, members, raws.get(members[0]), arguments)
        except _Refused as refused:
            if len(members) == 1:
                return {members[0]: self._outcome(members[0], refused)}
            if alone:
                raise GroupRefused(refused.refusal.text) from refused.error
        return {
            key: outcome
            for member in members
            for key, outcome in self._act(action, [member], raws, arguments, alone=True).items()
        }

    def _called(
        self, action: Action, members: Sequence[str], raw: Raw | None, arguments: Mapping[str, Any]
    ) -> dict[str, JobOutcome]:
        values = self._values(members, raw, arguments)
        answer: Mapping[str, Any] | None = None
        for call in action.calls:
            if call.when and not value_at(values, call.when):
                continue
            for each in value_at(values, call.each) or () if call.each else (None,):
                answer = self._call(call, {**values, "each": each}) or {}
        if answer is None:
            return dict.fromkeys(members, Succeeded(_NOTHING_TO_DO))
        if not action.done:
            return {member: _succeeded(action, {**values, "answer": answer}) for member in members}
        done = {value_at(one, self._kind.identity): one for one in value_at(answer, action.done) or ()}
        silence = Failed(f"{action.calls[-1].method} was accepted, but its answer does not mention this resource")
        return {
            member: _succeeded(action, {**values, "answer": done[member]}) if member in done else silence
            for member in members
        }

    def _call(self, call: Call, values: Mapping[str, Any]) -> Any:
        client = self.reads.client()
        try:
            return getattr(client, call.method)(**filled(call.parameters, values))
        except ClientError as error:
            refusal = refusal_of(error, operation=client.meta.method_to_api_mapping[call.method])
            if refusal is None:
                raise
            raise _Refused(refusal, error) from error

    def _outcome(self, provider_id: str, refused: _Refused) -> JobOutcome:
        """Return what the refusal of one comes to."""
        refusal, errors = refused.refusal, self._kind.errors
        malformed = refusal.code.endswith(".Malformed")
        if means(refused.error, errors.gone) and not malformed:
            return Skipped(GONE)
        if means(refused.error, errors.unclear) and provider_id not in self.reads.raws([provider_id]):
            return Skipped(GONE)
        if means(refused.error, errors.protected):
            return Failed(refusal.text, retry=False)
        return Failed(refusal.text, retry=refusal.retry or means(refused.error, errors.not_now))

    def _values(self, members: Sequence[str], raw: Raw | None, arguments: Mapping[str, Any]) -> dict[str, Any]:
        tags = {} if raw is None else tags_of(self._kind, raw)
        values = self.reads.values(members, raw)
        return {**values, **argument_values(arguments, provider_id=members[0], tags=tags)}

    def _checked(self, name: str, arguments: Mapping[str, Any]) -> Action:
        action = self._kind.actions[name]
        check_arguments(action, arguments, what=f"{name} on {self._kind.resource_type}")
        return action

    def _refuse_unreadable(self, raws: Mapping[str, Raw], *, alone: bool) -> None:
        """Refuse to act on what is known in part: what cannot be read would be taken for nothing, and overwritten."""
        for provider_id, raw in raws.items():
            if raw.get(UNREADABLE):
                hidden = ", ".join(raw[UNREADABLE])
                problem = f"{provider_id} does not let us read what would be changed ({hidden})"
                if not alone:
                    raise GroupRefused(problem)
                raise ProviderFailed(self.reads.where, problem)


def _succeeded(action: Action, values: Mapping[str, Any]) -> Succeeded:
    said = {name: plain(value_at(values, path)) for name, path in action.data.items()}
    return Succeeded({name: value for name, value in said.items() if value is not None})


def _not_done(members: Iterable[str], error: ProviderFailed) -> dict[str, JobOutcome]:
    if isinstance(error, Throttled):  # it waits as it would have had it been the first
        return dict.fromkeys(members, Snoozed(error.until, str(error)))
    return dict.fromkeys(members, Failed(str(error)))


def _not_tried(members: Iterable[str], error: ProviderFailed) -> dict[str, JobOutcome]:
    if isinstance(error, Throttled):
        return _not_done(members, error)
    return dict.fromkeys(members, Failed(f"not tried, because a call before it failed: {error}"))
