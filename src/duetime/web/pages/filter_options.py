"""What the fields of filters offer: only what the visitor may see."""

from dataclasses import dataclass

from duetime.core.access import Feature
from duetime.store.store import Transaction
from duetime.web.reach import reaches_bot
from duetime.web.visitor import Visitor

_MOST = 200


@dataclass(frozen=True, slots=True)
class FilterOptions:
    """Names to choose from, each list sorted and of a bounded length."""

    types: tuple[str, ...]
    accounts: tuple[str, ...]
    bots: tuple[str, ...]


def filter_options(tx: Transaction, visitor: Visitor, feature: Feature) -> FilterOptions:
    """Return what a visitor may choose in the filter of a list.

    Args:
        tx: where the names are.
        visitor: who chooses.
        feature: what the list shows; its reach decides which accounts are offered.
    """
    accounts, bots = visitor.reach(feature), visitor.reach(Feature.BOTS)
    return FilterOptions(
        types=tuple(sorted(kind.event_type for kind in tx.event_types.all()))[:_MOST],
        accounts=tuple(sorted(each.account for each in tx.accounts.all() if accounts.covers(each.account)))[:_MOST],
        bots=tuple(sorted(bot.name for bot in tx.bots.all() if reaches_bot(bots, bot)))[:_MOST],
    )
