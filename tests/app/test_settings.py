"""Settings: where they come from, which goes first, and what is refused."""

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from duetime.app.settings import Settings, Source, read_all, read_settings, variable_of
from duetime.core.errors import DuetimeError, InvalidDocument, InvalidSetting, UnsafeFile

SECRET = "hunter2"
SECRETS = {"oidc_client_secret": SECRET, "oidc_client_secret_file": "secret.txt"}


def read(folder: Path, toml: str | None = None, **environment: str) -> Settings:
    if toml is not None:
        (folder / "duetime.toml").write_text(toml, encoding="utf-8")
    return read_settings(environment=environment, folder=folder)


def refused(folder: Path, toml: str | None = None, **environment: str) -> str:
    with pytest.raises(InvalidSetting) as caught:
        read(folder, toml, **environment)
    return str(caught.value)


def test_without_anything_the_defaults_hold(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert settings == Settings()
    assert settings.database_url == "sqlite:///duetime.db"
    assert (settings.lease_seconds, settings.worker_slots, settings.history_days) == (30, 8, 400)


def test_every_setting_can_be_set_in_the_file_and_in_the_environment(tmp_path: Path) -> None:
    values: Mapping[str, tuple[str, str]] = {
        "database_url": ("'sqlite:///other.db'", "sqlite:///other.db"),
        "plugins": ("['a', 'b']", f"a{os.pathsep}b"),
        "lease_seconds": ("7", "7"),
        "worker_slots": ("3", "3"),
        "poll_seconds": ("0.25", "0.25"),
        "drain_seconds": ("5", "5"),
        "max_argument_bytes": ("2048", "2048"),
        "history_days": ("0", "0"),
        "max_inventory_age": ("'36h'", "36h"),
        "owners": ("'known'", "Known"),
        "log_level": ("'debug'", "DEBUG"),
        "log_format": ("'json'", "json"),
        "web_host": ("'::1'", "::1"),
        "web_port": ("9000", "9000"),
        "web_url": ("'https://duetime.example.org/'", "https://duetime.example.org"),
        "web_tls_certificate": ("'a.pem'", "a.pem"),
        "web_tls_key": ("'b.pem'", "b.pem"),
        "web_allow_plain_public": ("true", "True"),
        "web_trusted_proxies": ("['10.0.0.7', '10.1.2.3/8']", "10.0.0.7, 10.0.0.0/8"),
        "web_session_idle": ("'30m'", "30m"),
        "web_session_life": ("'1d'", "24h"),
        "oidc_issuer": ("'https://login.example.org/realms/staff'", "https://login.example.org/realms/staff"),
        "oidc_client_id": ("'duetime'", "duetime"),
        "oidc_title": ("'Staff'", "Staff"),
        "oidc_scopes": ("'openid groups'", "openid groups"),
        "oidc_group_claim": ("'roles'", "roles"),
        "oidc_groups": ("{ops = 'operators'}", '{"ops": "operators"}'),
        "oidc_auto_create": ("true", "true"),
        "overdue_after": ("'5m'", "300s"),
        "metrics_open": ("true", "1"),
        "traces": ("true", "yes"),
        **{name: (f"'{value}'", value) for name, value in SECRETS.items()},
        "destinations": ("{ops = {notices = 'mailto://a@b.c'}}", '{"ops": {"notices": "mailto://a@b.c"}}'),
    }
    assert values.keys() == Settings.model_fields.keys()
    _compare(tmp_path, {name: value for name, value in values.items() if name != "oidc_client_secret_file"})
    _compare(tmp_path, {name: value for name, value in values.items() if name != "oidc_client_secret"})


def _compare(tmp_path: Path, values: Mapping[str, tuple[str, str]]) -> None:
    from_file = read(tmp_path, "\n".join(f"{name} = {toml}" for name, (toml, _) in values.items()))
    (tmp_path / "duetime.toml").unlink()
    from_environment = read(tmp_path, **{variable_of(name): value for name, (_, value) in values.items()})
    assert from_file == from_environment
    assert all(getattr(from_file, name) != getattr(Settings(), name) for name in values)


def test_the_environment_goes_before_the_file_and_an_empty_variable_says_nothing(tmp_path: Path) -> None:
    settings = read(tmp_path, "lease_seconds = 5\nworker_slots = 5", DUETIME_LEASE_SECONDS="6", DUETIME_WORKER_SLOTS="")
    assert (settings.lease_seconds, settings.worker_slots) == (6, 5)


@pytest.mark.parametrize(
    ("text", "hours"), [("0", 0), ("90m", 1.5), ("7d", 168), ("2", None), ("soon", None), ("-1h", None)]
)
def test_the_age_of_an_inventory_is_a_length_of_time_or_none(tmp_path: Path, text: str, hours: float | None) -> None:
    assert Settings().max_inventory_age == timedelta(hours=24)
    if hours is None:
        said = "must be a length of time such as 36h or 7d, or 0"
        assert said in refused(tmp_path, DUETIME_MAX_INVENTORY_AGE=text)
    else:
        assert read(tmp_path, DUETIME_MAX_INVENTORY_AGE=text).max_inventory_age == timedelta(hours=hours)


def test_another_file_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "elsewhere.toml").write_text("lease_seconds = 9", encoding="utf-8")
    assert read(tmp_path, "lease_seconds = 5", DUETIME_CONFIG=str(tmp_path / "elsewhere.toml")).lease_seconds == 9
    assert "there is no file /nowhere.toml" in refused(tmp_path, DUETIME_CONFIG="/nowhere.toml")


def test_an_unknown_key_is_refused_with_the_nearest_known_one(tmp_path: Path) -> None:
    message = refused(tmp_path, "lease_secs = 5")
    assert message.endswith("Did you mean lease_seconds?")
    assert str(tmp_path / "duetime.toml") in message


def test_an_unknown_variable_is_refused_with_the_nearest_known_one(tmp_path: Path) -> None:
    assert refused(tmp_path, DUETIME_DATABASE="x").endswith("Did you mean DUETIME_DATABASE_URL?")
    assert "the settings are database_url, plugins" in refused(tmp_path, DUETIME_XYZZY="x")


def test_variables_that_are_not_ours_are_left_alone(tmp_path: Path) -> None:
    assert read(tmp_path, DUETIME_REQUIRE="postgres", OTHER_LEASE_SECONDS="x") == Settings()


@pytest.mark.parametrize(
    ("toml", "wanted"),
    [
        ("lease_seconds = 0", "from 1 to 3600, not 0"),
        ("lease_seconds = true", "from 1 to 3600, not true"),
        ("lease_seconds = 'soon'", "from 1 to 3600, not 'soon'"),
        ("plugins = 'a'", "a list of folders, not 'a'"),
        ("log_level = 'loud'", "debug, info, warning or error, not 'loud'"),
        ("poll_seconds = nan", "from 0.01 to 60, not nan"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_what_would_and_where(tmp_path: Path, toml: str, wanted: str) -> None:
    message = refused(tmp_path, toml)
    assert wanted in message
    assert str(tmp_path / "duetime.toml") in message


def test_a_value_in_the_environment_is_refused_under_the_name_of_its_variable(tmp_path: Path) -> None:
    assert refused(tmp_path, DUETIME_WORKER_SLOTS="many").startswith("Setting DUETIME_WORKER_SLOTS: ")


@pytest.mark.parametrize(
    "url", [f"mysql://me:{SECRET}@host/name", f"postgresql//me:{SECRET}@host", f"{SECRET}", f"postgres:{SECRET}@host"]
)
def test_no_error_shows_a_database_url_that_may_hold_a_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(DuetimeError) as caught:
        read(tmp_path, DUETIME_DATABASE_URL=url)
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(Settings(database_url=f"postgresql://me:{SECRET}@host/name"))


def test_the_file_is_refused_when_it_is_no_toml(tmp_path: Path) -> None:
    with pytest.raises(InvalidDocument, match=r"duetime\.toml, line 2, column 16: it is no TOML: Invalid value\.$"):
        read(tmp_path, "lease_seconds = 5\nworker_slots = \n")
    with pytest.raises(InvalidDocument, match=r"duetime\.toml: it is no TOML: .*, and there the file ends\.$"):
        read(tmp_path, "worker_slots = ")
    (tmp_path / "duetime.toml").write_bytes(b"log_level = '\xff'")
    with pytest.raises(InvalidDocument, match="UTF-8"):
        read(tmp_path)


def test_a_file_that_others_may_write_is_refused(tmp_path: Path) -> None:
    (tmp_path / "duetime.toml").write_text("lease_seconds = 5", encoding="utf-8")
    (tmp_path / "duetime.toml").chmod(0o646)
    with pytest.raises(UnsafeFile, match="everybody may write to it"):
        read(tmp_path)


def test_settings_do_not_change(tmp_path: Path) -> None:
    with pytest.raises(ValidationError):
        read(tmp_path).lease_seconds = 5


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("web_port = 65536", "web_port: must be a whole number from 0 to 65535, not 65536"),
        ("web_host = ''", "web_host: must be an address of this machine"),
        ("web_host = 'a b'", "web_host: must be an address of this machine"),
        ("web_url = 'duetime.example.org'", "web_url: must be an address without a path"),
        ("web_url = 'https://me@duetime.example.org'", "web_url: must be an address without a path"),
        ("web_url = 'https://duetime.example.org/here'", "web_url: must be an address without a path"),
        ("web_url = 'https://[::1'", "web_url: must be an address without a path"),
        ("web_url = 'https://a.example:0'", "web_url: must be an address without a path"),
        ("web_allow_plain_public = 1", "web_allow_plain_public: must be true or false, not 1"),
        ("web_allow_plain_public = 'yes'", "web_allow_plain_public: must be true or false, not 'yes'"),
        ("web_trusted_proxies = ['proxy']", "web_trusted_proxies: must be a list of addresses and networks"),
        ("web_session_idle = 0", "web_session_idle: must be a length of time such as 30m"),
        ("web_session_idle = '8d'", "web_session_idle: must not be longer than web_session_life"),
        ("web_tls_key = 'a.pem'", "web_tls_key: a key without web_tls_certificate is of no use"),
        ("oidc_issuer = 'login.example.org'", "oidc_issuer: must be the address of the issuer"),
        ("oidc_scopes = 'profile'", "oidc_scopes: must be words with blanks between them, openid among them"),
        ("oidc_groups = ['a']", "oidc_groups: must be a table of access groups by group"),
        ("oidc_issuer = 'https://login.example.org'", "oidc_client_id: must be set when oidc_issuer is"),
        (
            "oidc_client_secret = 'x'\noidc_client_secret_file = 'y'",
            "either it or oidc_client_secret_file may be set, not both",
        ),
        ("oidc_group_claim = ''", "oidc_group_claim: must be the name of a claim"),
    ],
)
def test_settings_of_the_web_that_make_no_sense_are_refused(tmp_path: Path, toml: str, said: str) -> None:
    assert said in refused(tmp_path, toml)


def test_no_secret_is_shown_by_an_error_or_a_repr(tmp_path: Path) -> None:
    assert SECRET not in refused(tmp_path, f"oidc_client_secret = ['{SECRET}']")
    assert SECRET not in repr(read(tmp_path, f"oidc_client_secret = '{SECRET}'"))


def test_every_setting_says_where_it_comes_from(tmp_path: Path) -> None:
    (tmp_path / "duetime.toml").write_text("lease_seconds = 5\nworker_slots = 5", encoding="utf-8")
    reading = read_all(environment={"DUETIME_WORKER_SLOTS": "6", "DUETIME_WEB_PORT": ""}, folder=tmp_path)
    assert reading.file == tmp_path / "duetime.toml"
    assert reading.settings.worker_slots == 6
    assert [reading.source_of(name) for name in ("worker_slots", "lease_seconds", "web_port")] == [
        Source.ENVIRONMENT,
        Source.FILE,
        Source.DEFAULT,
    ]
    assert read_all(environment={}, folder=tmp_path / "nowhere").file is None


def test_an_issuer_is_kept_to_the_last_slash_and_groups_in_the_environment_must_be_json(tmp_path: Path) -> None:
    toml = "oidc_issuer = 'https://login.example.org/'\noidc_client_id = 'duetime'"
    assert read(tmp_path, toml).oidc_issuer == "https://login.example.org/"
    assert "DUETIME_OIDC_GROUPS: must be a table" in refused(tmp_path, DUETIME_OIDC_GROUPS="ops")
