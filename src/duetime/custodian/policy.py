"""One Custodian policy in one account and region: what it finds, what it does.

Custodian keeps sessions per thread and region name alone, so two accounts in one thread would share one. Here the
thread's cache is emptied before every use; threads of its own are new ones each time. Its registries belong to the
process, and are filled under a lock.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from duetime.core.cloud import Cloud
from duetime.core.errors import Invalid, InvalidSetting, ProviderFailed, nearest
from duetime.custodian.kinds import full_name
from duetime.custodian.session import CloudSession

_WHERE = "Cloud Custodian"
_loading = threading.Lock()

JsonList = Sequence[Mapping[str, Any] | str]


class PolicyPart:
    """The filters of a policy, bound to a place.

    Args:
        resource: Custodian's resource type, such as `aws.ec2`.
        filters: the policy's filters, as it writes them.
        cloud: through which it calls.
        account: in which account.
        region: in which region.

    Raises:
        UnknownName: duetime has no such resource type.
        InvalidSetting: Custodian refuses the filters.
        ProviderFailed: Custodian is not installed.
    """

    def __init__(self, resource: str, filters: JsonList, *, cloud: Cloud, account: str, region: str) -> None:
        session = CloudSession(cloud, account=account, region=region)
        self._manager = _manager(resource, filters, session=session, account=account)
        self._id = self._manager.resource_type.id

    def matching(self) -> frozenset[str]:
        """Read everything afresh and return the provider ids of what matches."""
        _forget_sessions()
        with _answering(f"{self._manager.type} could not be read"):
            return frozenset(raw[self._id] for raw in self._manager.resources())

    def still_matching(self, provider_ids: Sequence[str]) -> frozenset[str]:
        """Read these afresh and return those that match."""
        found = self.read(provider_ids)
        _forget_sessions()
        with _answering("its filters could not be asked"):
            return frozenset(raw[self._id] for raw in self._manager.filter_resources(list(found.values())))

    def read(self, provider_ids: Sequence[str]) -> Mapping[str, dict[str, Any]]:
        """Read resources afresh in Custodian's own form, by provider id; those that are gone are left out.

        Custodian's manager takes every refusal for "there are none"; its source does not, so the source is asked. Where
        one that is gone has the call refused for all, each is read alone.
        """
        wanted = list(dict.fromkeys(provider_ids))
        with _answering(f"{self._manager.type} could not be read"):
            found = self._read_present(wanted)
        return {provider_id: found[provider_id] for provider_id in wanted if provider_id in found}

    def _read_present(self, provider_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        try:
            return self._read(provider_ids)
        except Exception as error:
            if not _says_gone(error):
                raise
        if len(provider_ids) == 1:
            return {}
        return {key: raw for each in provider_ids for key, raw in self._read_present([each]).items()}

    def _read(self, provider_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        if not provider_ids:
            return {}
        _forget_sessions()
        raws = self._manager.augment(self._manager.source.get_resources(list(provider_ids), cache=False))
        return {raw[self._id]: raw for raw in raws}

    def do(self, action: Mapping[str, Any] | str, raws: Iterable[dict[str, Any]]) -> None:
        """Do one of the policy's actions to resources that `read` gave. Custodian's own errors leave this function."""
        _forget_sessions()
        made = self._manager.action_registry.factory(_action_data(action), self._manager)
        made.validate()
        made.process(list(raws))

    def check_action(self, action: Mapping[str, Any] | str) -> None:
        """Refuse an action that Custodian does not have for this type, or does not accept.

        Raises:
            InvalidSetting: with Custodian's own words.
        """
        data = _action_data(action)
        kind = str(data.get("type", ""))
        known = sorted(self._manager.action_registry.keys())
        if kind not in known:
            problem = f"Cloud Custodian has no action {kind!r} for {self._manager.type}"
            raise InvalidSetting("action", problem, near=nearest(kind, known))
        try:
            self._manager.action_registry.factory(data, self._manager).validate()
        except Exception as error:  # validation raises what it likes
            raise InvalidSetting("action", f"Cloud Custodian refuses it: {_text(error)}") from error


@contextmanager
def _answering(problem: str) -> Iterator[None]:
    """Let only errors of ours leave the block: whatever else the SDK or Custodian raises means: no answer."""
    try:
        yield
    except ProviderFailed:  # such as a budget that is spent, which says until when
        raise
    except Exception as error:
        raise ProviderFailed(_WHERE, f"{problem}: {_text(error)}") from error


def check_filters(resource: str, filters: JsonList) -> None:
    """Refuse filters that Custodian does not accept; nobody is called.

    Raises:
        UnknownName, InvalidSetting, ProviderFailed: as `PolicyPart`.
    """
    _manager(resource, filters, session=_NoSession(), account="")


class _NoSession:
    """For filters that are only looked at."""

    region_name = "us-east-1"


def _manager(resource: str, filters: JsonList, *, session: CloudSession | _NoSession, account: str) -> Any:
    name = full_name(resource)
    _load(name)
    from c7n.config import Config  # noqa: PLC0415 - it takes half a second and is an extra
    from c7n.policy import Policy  # noqa: PLC0415 - as above

    options = Config.empty(
        region=session.region_name, regions=[session.region_name], account_id=account, output_dir="null://"
    )
    try:
        policy = Policy(
            {"name": "duetime", "resource": name, "filters": _plain(filters)},
            options,
            session_factory=lambda *_, **__: session,
        )
        for asked in policy.resource_manager.filters:
            asked.validate()
    except Exception as error:  # validation raises what it likes
        raise InvalidSetting("filters", f"Cloud Custodian refuses them: {_text(error)}") from error
    return policy.resource_manager


def _load(name: str) -> None:
    try:
        import c7n.resources.aws  # noqa: F401, PLC0415 - see above
        from c7n.resources import load_resources  # noqa: PLC0415 - see above
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "c7n":
            raise
        message = "it is not installed; run pip install 'duetime[custodian]'"
        raise ProviderFailed(_WHERE, message) from None
    with _loading:
        missing = load_resources((name,))
    if missing:
        message = f"Cloud Custodian has no resource type {name}."
        raise Invalid(message)


def _forget_sessions() -> None:
    from c7n import utils  # noqa: PLC0415 - see above

    utils.CONN_CACHE.__dict__.clear()


def _says_gone(error: Exception) -> bool:
    answer = getattr(error, "response", None)
    code = str(answer.get("Error", {}).get("Code", "")) if isinstance(answer, Mapping) else ""
    return "NotFound" in code or code.startswith("NoSuch") or code.endswith(".Malformed")


def _action_data(action: Mapping[str, Any] | str) -> dict[str, Any]:
    return {"type": action} if isinstance(action, str) else dict(action)


def _plain(filters: JsonList) -> list[Any]:
    """A copy: Custodian writes into what it is given."""
    return [dict(item) if isinstance(item, Mapping) else item for item in filters]


def _text(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:500]
