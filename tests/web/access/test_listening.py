from pathlib import Path

import pytest

from duetime.core.errors import InvalidSetting
from duetime.web.access.listening import require_safe_listening
from duetime.web.web_settings import WebSettings

HERE = ["127.0.0.1", "127.8.9.10", "localhost", "LOCALHOST", "::1", "[::1]", "::ffff:127.0.0.1", "ip6-localhost"]
PUBLIC = [
    "0.0.0.0", "::", "192.168.1.7", "10.0.0.1", "2001:db8::1", "duetime.example.org", "", "127.0.0.1.evil",
    "128.0.0.1", "::ffff:10.0.0.1", "fe80::1%eth0", "0",
]  # fmt: skip


@pytest.mark.parametrize("host", HERE)
def test_this_machine_alone_is_safe(host: str) -> None:
    require_safe_listening(WebSettings(host=host))


@pytest.mark.parametrize("host", PUBLIC)
def test_where_others_could_read_along_tls_or_a_flag_is_needed(host: str) -> None:
    with pytest.raises(InvalidSetting, match="web_allow_plain_public"):
        require_safe_listening(WebSettings(host=host))
    with pytest.raises(InvalidSetting):  # an address of a proxy does not say that nobody else gets here
        require_safe_listening(WebSettings(host=host, url="https://duetime.example.org"))
    require_safe_listening(WebSettings(host=host, tls_certificate=Path("cert.pem")))
    require_safe_listening(WebSettings(host=host, allow_plain_public=True))
