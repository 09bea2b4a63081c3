"""Where things are in the API, for `Location` and `watch`."""

from urllib.parse import quote

API = "/api/v1"


def bot_path(name: str, part: str = "") -> str:
    """Return where a bot is, or a part of it."""
    return f"{API}/bots/{quote(name, safe='')}{f'/{part}' if part else ''}"
