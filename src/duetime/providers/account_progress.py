"""How the harvest of one account comes along, and what is remembered of it in the end."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from duetime.core.errors import CredentialsRefused, PermissionMissing, Throttled
from duetime.core.harvests import HarvestPart
from duetime.core.resources import Account, AccountStatus
from duetime.providers.harvest_report import AccountHarvest, Harvested, Watcher
from duetime.providers.inventory_writer import Ended
from duetime.providers.part_readers import Item, Page
from duetime.store.account_table import Credentials
from duetime.store.store import Store

_LONGEST_ERROR = 1000
_PARTS_NAMED = 3


class AccountProgress:
    """Gathers how the parts of one account end. When the last one has, the account remembers the harvest.

    Attributes:
        harvest: how it ended; complete once every part has.
    """

    def __init__(self, account: Account, *, store: Store, watcher: Watcher, actor: str) -> None:
        self.harvest = AccountHarvest(account.account, status=account.status)
        self._account = account
        self._store = store
        self._watcher = watcher
        self._actor = actor
        self._left = 0
        self._skipped = 0
        self._harvested: list[Harvested] = []
        self._failures: dict[str, list[HarvestPart]] = defaultdict(list)
        self._not_permitted: list[str] = []
        self._overtaken = 0
        self._refused = False
        self._answered = False
        self._throttled: list[datetime] = []

    def begin(self, parts: int, *, skipped: int) -> None:
        """Expect so many parts to end."""
        self._left, self._skipped = parts, skipped
        self._watcher.planned(self._account.account, parts)
        if not parts:
            self._record()

    def fail(self, error: Exception) -> None:
        """Remember that nothing could even be begun."""
        self._failures[str(error)] = []
        self._record()

    def show(self, item: Item) -> None:
        """Tell the watcher what was written."""
        if isinstance(item, Page):
            self._watcher.read(self._account.account, len(item.resources))

    def end(self, ended: Ended) -> None:
        """Take in how a part ended."""
        part, error = ended.part, ended.error
        if ended.harvested is not None:
            self._answered = True
            self._harvested.append(ended.harvested)
        elif isinstance(error, PermissionMissing) and part.is_first:
            # Roles are often allowed less than duetime could read. What could be read before is another matter.
            self._answered = True
            self._not_permitted.append(str(part.part))
        elif error is None:
            self._overtaken += 1
        else:
            self._failures[str(error) or type(error).__name__].append(part)
            self._refused |= isinstance(error, CredentialsRefused)
            self._answered |= isinstance(error, PermissionMissing)
            if isinstance(error, Throttled):
                self._throttled.append(error.until)
        self._watcher.part_ended(self._account.account)
        self._left -= 1
        if not self._left:
            self._record()

    def _record(self) -> None:
        problems = tuple(_in_words(error, parts) for error, parts in self._failures.items())
        failed = sum(map(len, self._failures.values()))
        self.harvest = AccountHarvest(
            self._account.account,
            parts=tuple(sorted(self._harvested, key=lambda part: (part.region, part.resource_type))),
            problems=problems,
            not_permitted=tuple(sorted(self._not_permitted)),
            skipped=self._skipped,
            overtaken=self._overtaken,
            # Another harvest has taken over, and it is the one to say how the account stands.
            status=self._account.status if self._overtaken and not problems else self._remember(problems),
            room_at=max(self._throttled) if self._throttled and len(self._throttled) == failed else None,
        )
        self._watcher.ended(self.harvest)

    def _remember(self, problems: Sequence[str]) -> AccountStatus:
        credentials = Credentials.SERVE if self._answered else Credentials.REFUSED if self._refused else None
        name = self._account.account
        with self._store.write() as tx:
            standing = tx.accounts.record_harvest(
                name, error="; ".join(problems)[:_LONGEST_ERROR], credentials=credentials
            )
            if standing.is_changed:
                tx.audit.add(
                    actor=self._actor,
                    verb="account.status",
                    subject=f"account:{name}",
                    reason="; ".join(problems) or "a harvest succeeded",
                    before={"status": standing.before.value},
                    after={"status": standing.after.value},
                )
        return standing.after


def _in_words(error: str, parts: list[HarvestPart]) -> str:
    """Say once what went wrong in several parts."""
    if not parts:
        return error
    named = ", ".join(str(part.part) for part in parts[:_PARTS_NAMED])
    more = len(parts) - _PARTS_NAMED
    return f"{named}{f' and {more} more' if more > 0 else ''}: {error}"
