"""What holds for all bots of an installation."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class BotPolicy:
    """What the settings say of bots.

    Attributes:
        max_inventory_age: how old an account's last harvest may be for bots that do not say it themselves; None = as
            old as it is.
        only_known_owners: whether bots of users whom nobody has registered are refused.
    """

    max_inventory_age: timedelta | None = None
    only_known_owners: bool = False
