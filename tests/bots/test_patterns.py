import time

import pytest

from duetime.bots.patterns import LONGEST, InvalidPattern, check_pattern, is_found


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("", "", True),
        ("b", "abc", True),
        ("^b", "abc", False),
        ("^abc$", "abc", True),
        ("(?i)ÄRGER", "ärger", True),
        (r"^\p{Greek}+$", "λόγος", True),
        ("^.$", "🚀", True),
        ("a.b", "a\nb", False),
        ("(?s)a.b", "a\nb", True),
        ("\ufffd", "a\x00", True),
        (r"\x00", "a\x00", False),
    ],
)
def test_a_pattern_is_looked_for_anywhere(pattern: str, text: str, found: bool) -> None:
    assert is_found(pattern, text) is found


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("(", "missing ): (; it must be a regular expression in RE2 syntax"),
        ("a(?=b)", "RE2 has no lookahead"),
        ("a(?!b)", "RE2 has no lookahead; ask with a `not` filter"),
        ("(?<=a)b", "RE2 has no lookbehind"),
        ("(?<!a)b", "RE2 has no lookbehind"),
        (r"(a)\1", "RE2 has no back references"),
        ("a++", "RE2 has no possessive repetition"),
        ("a{1001}", "repeats more than 1000 times"),
        ("((a{30}){30}){30}", "repeats more than 1000 times"),
        (r"\pL{200}", "too much memory"),
        ("a\x00", "holds NUL"),
        ("\ud800", "half of a surrogate pair"),
        ("a" * (LONGEST + 1), "has 1001 characters, more than 1000"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_reason(
    pattern: str, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InvalidPattern) as caught:
        check_pattern(pattern)
    assert said in str(caught.value)
    assert caught.value.pattern == pattern
    assert capfd.readouterr() == ("", "")  # the library has nothing to say by itself


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a)*$", "^(.*)*(.*)*(.*)*$x", "(x+x+)+y", "(a?){100}a{100}$"])
def test_no_pattern_runs_away(pattern: str) -> None:
    """Each of them keeps a backtracking engine busy for longer than the universe is old."""
    began = time.monotonic()
    assert is_found(pattern, "a" * 5000 + "!" + "x" * 5000) is False
    assert time.monotonic() - began < 2
