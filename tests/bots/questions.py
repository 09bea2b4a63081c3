"""Predicates and resources drawn at random: every predicate there is, odd texts, and much that nobody knows."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from duetime.core.predicates import (
    AccountIn,
    All,
    AnyOf,
    DataMatches,
    FlagField,
    FlagIs,
    IdIn,
    InGroup,
    Known,
    MomentField,
    Not,
    OlderThan,
    Predicate,
    RegionIn,
    StateIn,
    TagIn,
    TagMatches,
    TagPresent,
    TextField,
    TextIn,
    TextMatches,
    TypeIn,
)
from duetime.core.resources import Resource

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)

ODD = [
    "", " ", "env", "Env", "ENV", "owner", "a.b", "$.a", "$", "*", "a[0]", '"', "'", '"a"', "a'b", "\\", "\\u0041", "%",
    "_", "%s", ":x", "?", "--", "{}", "[]", "null", "true", "0", "é", "e\u0301", "ß", "ẞ", "SS", "İ", "🚀",
    "👩\u200d👧", "\u200b", "\ufeff", "\uffff", "\U0010ffff", "\t", "\n", "\r\n", "\x01", "\x7f", "a\u2028b",
    "aws:cloudformation:stack-name", "dev", "prod", "x" * 300, ',"env":', '{"env":"dev"}', 'x"env', '\\"env', ",", ":",
    "}", "\ufffd",
]  # fmt: skip
UNKEPT = ["\x00", "a\x00b", "\ud800", "x\udfff"]
"""Texts that no database keeps: the inventory has a replacement in their place."""
GROUPS = ["legal hold", "ours", "ärger"]
PATTERNS = ["", "^$", "e", "^e", "v$", "(?i)ENV", "[^a-z]", ".", r"\d", "^(dev|prod)$", r"\x{1F680}", "é", r"\bdev\b"]
EXPRESSIONS = [
    "@", "env", "n", "n > `1`", "n >= `0`", "tags[?Key=='env'].Value | [0]", "tags[0].Value == 'dev'", "length(tags)",
    "length(n)", "contains(tags[].Key, 'env')", "missing.deeper", "!env", "env || n", "tags[*].Key | sort(@)",
    "starts_with(env, 'd')", "on", "`false`", "to_string(n)", "join(',', tags[].Key)", "max(tags[].n)", "tags[1:]",
]  # fmt: skip

texts = st.sampled_from(ODD) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=6)
asked_texts = texts | st.sampled_from(UNKEPT)
names = st.sampled_from(["a", "A", "b", "ä", "'", "10", "us-east-1", "running", "stopped", "instance"])
some = st.lists(names | st.sampled_from(UNKEPT), max_size=3).map(tuple)
ages = st.sampled_from(
    [timedelta(0), timedelta(microseconds=1), timedelta(hours=1), timedelta(days=3), timedelta(days=10**6)]
) | st.timedeltas(timedelta(days=-3), timedelta(days=3660))
moments = st.sampled_from([None, NOW, NOW - timedelta(hours=1), NOW - timedelta(days=3), NOW + timedelta(days=1)]) | (
    st.timedeltas(timedelta(days=-3), timedelta(days=3660)).map(lambda age: NOW - age)
)
flags = st.sampled_from([None, True, False])
identities = st.sampled_from([f"instance:a:b:i-{number}:" for number in range(3)])
data: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "env": st.sampled_from(["dev", "", None, "é", 5]),
        "n": st.sampled_from([None, 0, 1, 2.5, "2", -1, []]),
        "on": st.booleans(),
        "tags": st.lists(
            st.fixed_dictionaries({"Key": names, "Value": names}, optional={"n": st.integers(0, 3)}), max_size=3
        )
        | st.sampled_from(["tags", None, {}]),
    },
)

sayable: st.SearchStrategy[Predicate] = st.one_of(
    asked_texts.map(TagPresent),
    st.builds(TagIn, asked_texts, st.lists(asked_texts, max_size=3).map(tuple)),
    st.builds(TextIn, st.sampled_from(TextField), st.lists(names | asked_texts, max_size=3).map(tuple)),
    st.builds(OlderThan, st.sampled_from(MomentField), ages),
    st.builds(FlagIs, st.sampled_from(FlagField), st.booleans()),
    st.builds(Known, st.sampled_from([*FlagField, *MomentField])),
    st.builds(InGroup, st.lists(st.sampled_from(GROUPS), max_size=2).map(tuple)),
    st.builds(IdIn, st.lists(identities, max_size=3).map(tuple)),
    some.map(StateIn),
    some.map(TypeIn),
    some.map(AccountIn),
    some.map(RegionIn),
)
in_memory: st.SearchStrategy[Predicate] = st.one_of(
    st.builds(TagMatches, asked_texts, st.sampled_from(PATTERNS)),
    st.builds(TextMatches, st.sampled_from(TextField), st.sampled_from(PATTERNS)),
    st.sampled_from(EXPRESSIONS).map(DataMatches),
)


def nested(leaves: st.SearchStrategy[Predicate]) -> st.SearchStrategy[Predicate]:
    """Return predicates that are put together from these."""
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            inner.map(Not),
            st.lists(inner, max_size=3).map(lambda parts: All(tuple(parts))),
            st.lists(inner, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
        ),
        max_leaves=6,
    )


@st.composite
def resources(draw: st.DrawFn) -> Resource:
    """Draw a resource as a cloud may tell it, with texts that no database keeps."""
    parts: dict[str, Any] = {
        "created_at": draw(moments),
        "last_used_at": draw(moments),
        **{field.value: draw(flags) for field in FlagField},
    }
    return Resource.of(
        resource_type=draw(names),
        account=draw(names),
        region=draw(names),
        provider_id=f"i-{draw(st.integers(0, 9))}",
        name=draw(names | asked_texts),
        state=draw(names | st.sampled_from(UNKEPT)),
        size=draw(names | texts),
        tags=draw(st.dictionaries(asked_texts, asked_texts, max_size=4)),
        data=draw(data),
        **parts,
    )


@dataclass(frozen=True)
class Question:
    """Resources, the groups that they are in, and what is asked of them."""

    found: tuple[Resource, ...]
    members: dict[str, frozenset[str]]
    predicate: Predicate


@st.composite
def questions(draw: st.DrawFn, leaves: st.SearchStrategy[Predicate]) -> Question:
    """Draw some resources and a predicate that often speaks of what they have."""
    drawn = {resource.resource_id: resource for resource in draw(st.lists(resources(), max_size=5))}
    members = {
        resource_id: frozenset(draw(st.lists(st.sampled_from(GROUPS), max_size=2))) for resource_id in sorted(drawn)
    }
    predicates = nested(leaves)
    known: list[Predicate] = [IdIn(tuple(drawn))]
    for one in drawn.values():
        known += [TextIn(TextField.NAME, (one.name,)), TextIn(TextField.SIZE, (one.size,))]
        for key, value in one.tags.items():
            known += [TagPresent(key), TagIn(key, (value,)), TagIn(key, ("", value))]
    about = st.sampled_from(known)
    predicate = draw(
        st.one_of(
            predicates,
            about,
            about.map(Not),
            st.builds(lambda a, b: All((a, b)), about, predicates),
            st.builds(lambda a, b: AnyOf((a, Not(b))), about, predicates),
        )
    )
    return Question(tuple(drawn.values()), members, predicate)
