"""`duetime logins`, `access-groups` and `api-keys`: what they do, and that no secret lies about."""

import io
import sys

import pytest
from tests.cli.conftest import Cli

from duetime.app.settings import read_settings
from duetime.cli.opening import open_app
from duetime.web.access.passwords import Passwords

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    from argon2 import PasswordHasher

    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr("duetime.web.access.passwords.PasswordHasher", lambda: quick)


def test_a_login_is_added_with_a_password_that_is_printed_once(cli: Cli) -> None:
    assert "There is no login." in cli("logins", "list").words
    cli("access-groups", "save", "operators", "--grant", "events:editor:dev,test")
    added = cli("logins", "add", "Ann", "--name", "Ann Other", "--group", "operators", "--json")
    assert added.json["login"] == "ann"
    assert added.json["groups"] == ["operators"]
    assert added.json["must_change"] is True
    password = added.json["one_time_password"]
    assert _fits("ann", password)
    (listed,) = cli("logins", "list", "--json").json
    assert "one_time_password" not in listed
    assert "password_hash" not in listed
    assert "ann Ann Other active operators" in cli("logins", "list").words
    assert cli("logins", "add", "ann").code == 4
    assert cli("logins", "add", "two words").code == 2
    assert cli("logins", "add", "ben", "--group", "nobodys").code == 3
    assert cli("logins", "disable", "nobody").code == 3


def test_a_password_is_typed_and_never_an_argument(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli("logins", "add", "ann")
    monkeypatch.setattr(sys, "stdin", io.StringIO("several words together\n"))
    answer = cli("logins", "set-password", "ann", "--ask")
    assert answer.code == 0
    assert "several words" not in answer.out + answer.err
    assert _fits("ann", "several words together")
    monkeypatch.setattr(sys, "stdin", io.StringIO("short\n"))
    refused = cli("logins", "set-password", "ann", "--ask")
    assert refused.code == 2
    assert "12 to 1000 characters" in refused.err
    assert "--password" not in cli("logins", "set-password", "--help").out


def test_a_login_is_disabled_enabled_and_reset(cli: Cli) -> None:
    cli("access-groups", "save", "everything", "--grant", "*:admin:*:payloads")
    cli("logins", "add", "ann", "--group", "everything")
    cli("logins", "add", "ben", "--group", "everything")
    key = cli("api-keys", "create", "ben", "--name", "report", "--grant", "events:viewer", "--json").json
    assert "is disabled" in cli("logins", "disable", "ben", "--reason", "left").words
    assert "is active" in cli("logins", "enable", "ben").words
    assert "Its password for one login is" in cli("logins", "reset", "ben").words
    (listed,) = cli("api-keys", "list", "--json").json
    assert (listed["key_id"], listed["status"]) == (key["key_id"], "revoked")
    assert "secret" not in listed


def test_the_last_administrator_stays(cli: Cli) -> None:
    cli("access-groups", "save", "admins", "--grant", "access:admin")
    cli("logins", "add", "ann", "--group", "admins")
    for command in (
        ("logins", "disable", "ann"),
        ("access-groups", "remove", "admins", "ann"),
        ("access-groups", "delete", "admins"),
        ("access-groups", "save", "admins", "--grant", "access:editor"),
        ("access-groups", "save", "admins", "--grant", "access:admin:dev"),
    ):
        refused = cli(*command)
        assert refused.code == 4, command
        assert "Nobody would be left who administers access." in refused.err
    cli("logins", "add", "ben", "--group", "admins")
    assert cli("logins", "disable", "ann").code == 0
    assert cli("access-groups", "remove", "admins", "ben").code == 4


def test_groups_are_saved_listed_and_deleted(cli: Cli) -> None:
    assert "There is no access group." in cli("access-groups", "list").words
    saved = cli("access-groups", "save", "operators", "--grant", "events:editor:dev,test", "--grant", "*:viewer:*")
    assert saved.words == "Access group operators opens events:editor:dev,test *:viewer."
    cli("logins", "add", "ann")
    assert cli("access-groups", "add", "operators", "ann").words.endswith("has these members: ann.")
    assert "operators events:editor:dev,test *:viewer ann" in cli("access-groups", "list").words
    assert cli("access-groups", "remove", "operators", "ann").words.endswith("has these members: none.")
    assert cli("access-groups", "delete", "operators").words.endswith("0 logins were in it.")
    assert cli("access-groups", "delete", "operators").code == 3


@pytest.mark.parametrize(
    ("grant", "said"),
    [
        ("events", "A grant is written FEATURE:ROLE"),
        ("events:owner", "role must be one of viewer, editor, admin"),
        ("clouds:viewer", "feature must be"),
        ("events:viewer:", "at least one account"),
        ("a:b:c:d:e", "A grant is written"),
        ("", "A grant is written"),
    ],
)
def test_grants_that_make_no_sense_are_refused(cli: Cli, grant: str, said: str) -> None:
    refused = cli("access-groups", "save", "operators", "--grant", grant)
    assert refused.code == 2
    assert said in refused.err


def test_keys_are_made_listed_and_revoked(cli: Cli) -> None:
    cli("access-groups", "save", "viewers", "--grant", "events:viewer:dev")
    cli("logins", "add", "ann", "--group", "viewers")
    made = cli("api-keys", "create", "ann", "--name", "report", "--grant", "events:viewer:dev", "--days", "0")
    assert made.out.startswith("dt_")
    assert "ends never" in made.err
    wider = cli("api-keys", "create", "ann", "--name", "report", "--grant", "events:viewer")
    assert wider.code == 2
    assert "A key opens no more than its login may do" in wider.err
    assert "events:viewer:dev valid" in cli("api-keys", "list", "--login", "ann").words
    assert cli("api-keys", "revoke", "1", "--reason", "leaked").words == "Key 1 (report) of ann is revoked."
    assert "revoked" in cli("api-keys", "list").words
    assert cli("api-keys", "revoke", "7").code == 3


def test_no_secret_is_in_the_audit_trail(cli: Cli) -> None:
    cli("access-groups", "save", "viewers", "--grant", "events:viewer")
    password = cli("logins", "add", "ann", "--group", "viewers", "--json").json["one_time_password"]
    secret = cli("api-keys", "create", "ann", "--name", "report", "--grant", "events:viewer", "--json").json["secret"]
    second = cli("logins", "reset", "ann", "--json").json["one_time_password"]
    with open_app(read_settings()) as app, app.store.read() as tx:
        entries = [*tx.audit.about("login:ann"), *tx.audit.about("access_group:viewers")]
        kept = tx.logins.get("ann").password_hash
    verbs = {entry.verb for entry in entries}
    assert verbs == {"login.add", "access_group.save", "api_key.create", "login.set_password", "login.reset"}
    said = repr(entries)
    for hidden in (password, secret, second, kept, secret.rpartition("_")[2]):
        assert hidden is not None
        assert hidden not in said


def _fits(login: str, password: str) -> bool:
    with open_app(read_settings()) as app, app.store.read() as tx:
        return Passwords().fits(password, tx.logins.get(login).password_hash)
