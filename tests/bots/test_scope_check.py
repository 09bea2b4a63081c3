import pytest

from duetime.bots.document import read_text
from duetime.bots.scope_check import KnownPlaces, warnings_of

KNOWN = KnownPlaces(
    accounts={"10": {"env": "production", "team": "a"}, "11": {"env": "dev"}},
    regions=frozenset({"eu-central-1"}),
    resource_types=frozenset({"instance", "volume"}),
    groups=frozenset({"shared"}),
)


@pytest.mark.parametrize(
    ("scope", "column", "said"),
    [
        ("{accounts: [10, 12]}", 24, "scope.accounts[1]: no account '12' is known; did you mean 11 or 10"),
        ("{regions: [eu-centrl-1]}", 19, "no region 'eu-centrl-1' is known; did you mean eu-central-1"),
        ("{resource_types: [instnce]}", 26, "no resource type 'instnce' is known; did you mean instance"),
        ("{groups: [xyz]}", 18, "scope.groups[0]: no resource group 'xyz' is known"),
        ("{badges: {any: [team:a, 'env:prod']}}", 32, "no account has the badge env:prod; did you mean env:production"),
        ("{badges: {all: [team:a, 'env:dev']}}", 17, "no account has team:a and env:dev, so nothing is in scope"),
    ],
)
def test_what_nothing_knows_is_told_with_its_place(scope: str, column: int, said: str) -> None:
    (bot,) = read_text(f"name: a\nscope: {scope}", source="b.yaml")
    (warning,) = warnings_of(bot, KNOWN)
    assert (warning.line, warning.column) == (2, column)
    assert said in warning.problem


def test_what_is_known_needs_no_warning() -> None:
    scope = (
        "{accounts: [10], regions: [eu-central-1], resource_types: [volume], groups: [shared], badges: {all: [env]}}"
    )
    (bot,) = read_text(f"name: a\nscope: {scope}")
    assert not warnings_of(bot, KNOWN)


def test_without_accounts_nothing_about_them_is_known() -> None:
    (bot,) = read_text("name: a\nscope: {accounts: [1], regions: [eu], badges: {all: [x]}, resource_types: [x]}")
    nobody = KnownPlaces({}, frozenset(), frozenset({"volume"}), frozenset())
    assert [warning.problem for warning in warnings_of(bot, nobody)] == [
        "scope.resource_types[0]: no resource type 'x' is known"
    ]
