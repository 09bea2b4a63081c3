"""Whether the user that a bot or event acts for may still have it done."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from duetime.bots.planned_run import RUN_BOT
from duetime.core.claims import Claim
from duetime.core.clock import Clock
from duetime.core.errors import NotAllowed
from duetime.core.guards import Deny, FreshRead, Verdict
from duetime.core.users import User, UserStatus

UsersByIds = Callable[[Collection[str]], Mapping[str, User]]


def refusal(user: User | None, user_resource_id: str, event_type: str, *, only_known: bool) -> str | None:
    """Return why something may not be done for a user, or None when it may.

    A bot run does nothing by itself, so only a disabled owner stands against it; what the bot asks for is judged by
    its own type.

    Args:
        user: as registered; None = nobody has registered the user.
        user_resource_id: the user's id.
        event_type: what is to be done.
        only_known: whether users that nobody registered are refused.
    """
    if user is None:
        return f"user {user_resource_id} is not registered" if only_known else None
    if user.status is UserStatus.DISABLED:
        return f"user {user_resource_id} is disabled"
    if event_type != RUN_BOT and not user.may(event_type):
        return f"user {user_resource_id} may not have {event_type} done"
    return None


class AnybodyRegistered:
    """Says whether any user is registered, and asks for it once a second at most.

    So an installation in which nobody registers users pays nothing for this guard, and the first user who is registered
    counts within a second.
    """

    def __init__(self, look: Callable[[], bool], *, clock: Clock) -> None:
        self._look = look
        self._clock = clock
        self._answer = False
        self._look_at = float("-inf")

    def __call__(self) -> bool:
        # Once there is a user there is one for good: users are disabled, never deleted.
        if not self._answer and self._clock.monotonic() >= self._look_at:
            self._answer = self._look()
            self._look_at = self._clock.monotonic() + 1
        return self._answer


@dataclass(frozen=True, slots=True)
class OwnerGuard:
    """Denies what its user may not have done any more, at every attempt: a permission may go between two of them.

    Attributes:
        users_by_ids: finds users; asked once for a batch.
        is_anybody_registered: whether it need be asked at all.
        only_known: whether users that nobody registered are refused.
    """

    users_by_ids: UsersByIds
    is_anybody_registered: Callable[[], bool]
    only_known: bool = False
    name: str = "owner"

    def concerns(self, claim: Claim) -> bool:
        return claim.user_resource_id is not None and (self.only_known or self.is_anybody_registered())

    def judge(self, claims: Sequence[Claim], fresh: FreshRead, *, now: datetime) -> Mapping[int, Verdict]:
        del fresh, now
        acting = [(claim, claim.user_resource_id) for claim in claims if claim.user_resource_id is not None]
        if not acting or not (self.only_known or self.is_anybody_registered()):
            return {}
        users = self.users_by_ids({user for _, user in acting})
        verdicts: dict[int, Verdict] = {}
        for claim, user in acting:
            reason = refusal(users.get(user), user, claim.event_type, only_known=self.only_known)
            if reason is not None:
                verdicts[claim.event_id] = Deny(reason)
        return verdicts


class Permit:
    """Refuses to schedule what the owner of a bot may not have done. The user is looked up when first asked."""

    def __init__(self, owner: str | None, users_by_ids: UsersByIds, *, only_known: bool = False) -> None:
        self._owner = owner
        self._users_by_ids = users_by_ids
        self._only_known = only_known
        self._answers: dict[str, str | None] = {}
        self._user: User | None = None

    def __call__(self, event_type: str) -> None:
        """Let an event type pass.

        Raises:
            NotAllowed: the owner may not have it done.
        """
        if self._owner is None:
            return
        if event_type not in self._answers:
            if not self._answers:
                self._user = self._users_by_ids({self._owner}).get(self._owner)
            self._answers[event_type] = refusal(self._user, self._owner, event_type, only_known=self._only_known)
        reason = self._answers[event_type]
        if reason is not None:
            raise NotAllowed(self._owner, event_type, reason)
