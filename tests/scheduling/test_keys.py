"""The keys of events: the same for the same wish, different for any other."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from duetime.scheduling.keys import dedupe_key, group_key

texts = st.text(max_size=12)
wishes = st.fixed_dictionaries(
    {
        "bot_id": st.integers(0, 2**63 - 1),
        "slot": st.sampled_from(["", "0", "1", "1:0"]),
        "resource_id": texts,
        "event_type": texts,
        "nth": st.integers(0, 3),
    }
)


@given(wishes, wishes)
def test_two_wishes_share_a_key_when_they_are_the_same(one: dict[str, object], other: dict[str, object]) -> None:
    first, second = dedupe_key(**one), dedupe_key(**other)  # type: ignore[arg-type]
    assert len(first) == 16
    assert (first == second) == (one == other)


def test_every_part_counts() -> None:
    usual = {"bot_id": 1, "slot": "0", "resource_id": "a", "event_type": "b", "nth": 0}
    others = ({"bot_id": 2}, {"slot": "1"}, {"resource_id": "b"}, {"event_type": "a"}, {"nth": 1})
    keys = [dedupe_key(**(usual | other)) for other in ({}, *others)]  # type: ignore[arg-type]
    assert all(one != other for one, other in combinations(keys, 2))


@given(texts, texts, texts)
def test_a_group_key_fits_the_database(account: str, region: str, args_text: str) -> None:
    key = group_key(account=account, region=region, args_text=args_text)
    assert -(2**63) <= key < 2**63
    assert key == group_key(account=account, region=region, args_text=args_text)
