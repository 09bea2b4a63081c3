import threading

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st
from tests.web.access.conftest import QUICK

from duetime.core.errors import Invalid
from duetime.web.access import passwords as module
from duetime.web.access.passwords import LONGEST, Passwords, new_password, require_good
from duetime.web.errors import TooManyAttempts


def test_what_is_kept_is_argon2id_with_the_recommended_parameters() -> None:
    kept = Passwords().hash("correct horse battery")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert Passwords().fits("correct horse battery", kept)
    assert not Passwords().is_outdated(kept)
    assert Passwords(PasswordHasher(time_cost=4)).is_outdated(kept)


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_password_fits_itself_alone(one: str, other: str) -> None:
    import unicodedata

    passwords = Passwords(QUICK)
    kept = passwords.hash(one)
    assert passwords.fits(one, kept)
    is_same = unicodedata.normalize("NFKC", one) == unicodedata.normalize("NFKC", other)
    assert passwords.fits(other, kept) is is_same


def test_keyboards_may_write_a_letter_in_their_own_way() -> None:
    passwords = Passwords(QUICK)
    assert passwords.fits("pa\u0308sswort", passwords.hash("p\u00e4sswort"))


@pytest.mark.parametrize("kept", [None, "", "no hash", "$argon2id$v=19$m=8,t=1,p=1$broken"])
def test_nothing_fits_what_is_no_hash(kept: str | None) -> None:
    assert not Passwords(QUICK).fits("correct horse battery", kept)


def test_a_password_that_is_too_long_fits_nothing() -> None:
    passwords = Passwords(QUICK)
    assert not passwords.fits("x" * (LONGEST + 2), passwords.hash("x" * LONGEST))
    assert passwords.fits("x" * LONGEST, passwords.hash("x" * LONGEST))


def test_a_flood_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_WAIT_SECONDS", 0.01)
    passwords = Passwords(QUICK)
    entered, go_on = threading.Semaphore(0), threading.Event()

    class Slow:
        def hash(self, password: bytes) -> str:
            entered.release()
            go_on.wait(10)
            return "kept"

    passwords._hasher = Slow()  # type: ignore[assignment]
    threads = [threading.Thread(target=passwords.hash, args=("x",)) for _ in range(module._AT_ONCE)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert entered.acquire(timeout=10)
    with pytest.raises(TooManyAttempts):
        passwords.fits("x", "kept")
    go_on.set()
    for thread in threads:
        thread.join(10)


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short", "12 to 1000 characters"),
        ("x" * 1001, "12 to 1000 characters"),
        ("aaaaaaaaaaaaaaaa", "different characters"),
        ("abababababababab", "different characters"),
        ("my name is ANN-MARIE!", "the name of its login"),
    ],
)
def test_what_is_easy_to_guess_is_refused(password: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        require_good(password, login="ann-marie@example.org")


@pytest.mark.parametrize("password", ["correct horse battery", "\u00e4\u00f6\u00fc \u00df" * 3])
def test_what_is_hard_to_guess_is_taken(password: str) -> None:
    require_good(password, login="ann")
    require_good(password, login="a")


def test_a_new_password_is_good_and_always_another_one() -> None:
    made = {new_password() for _ in range(100)}
    assert len(made) == 100
    for password in made:
        require_good(password, login="admin")
        assert len(password) == 24
