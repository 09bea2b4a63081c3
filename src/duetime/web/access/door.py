"""The door: who makes a request, and whether a change was really theirs."""

import hmac
from datetime import timedelta

from starlette.requests import Request

from duetime.app.app import App
from duetime.core.errors import Unavailable
from duetime.core.logins import ApiKey, Login, LoginStatus, WebSession
from duetime.engine.log import get_logger
from duetime.store.store import Transaction
from duetime.web.access.cookies import SESSION, Cookie
from duetime.web.access.origins import comes_from_here
from duetime.web.access.tokens import digest, looks_like_key
from duetime.web.errors import TokenMissing
from duetime.web.visitor import CameBy, Visitor
from duetime.web.web_settings import WebSettings

CSRF_FIELD = "csrf_token"
CSRF_HEADER = "X-CSRF-Token"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_KEY_HEADERS = ("Api-Key", "X-Auth-Token")
_NOTE_EVERY = timedelta(minutes=1)
_log = get_logger("duetime.web")


class Door:
    """Lets visitors in by an API key or by a session; `authenticate` and `require_token` are ports of the web."""

    def __init__(self, app: App, settings: WebSettings) -> None:
        self._store = app.store
        self._settings = settings
        self._cookie = Cookie.of(SESSION, settings)

    def authenticate(self, request: Request) -> Visitor | None:
        """Return who makes a request, or None for nobody.

        A request with an API key is judged by the key alone: a wrong one is not made good by a cookie.
        """
        keys = _keys_in(request)
        if keys:
            return self._by_key(keys.pop()) if len(keys) == 1 else None
        token = self._cookie.read(request)
        return None if not token else self._by_session(token)

    async def require_token(self, request: Request, visitor: Visitor) -> None:
        """Refuse a change by a session that another site may have made the browser send.

        Raises:
            TokenMissing: it comes from elsewhere, or without the session's token.
        """
        if request.method in _SAFE_METHODS or visitor.came_by is CameBy.API_KEY:
            return
        if not comes_from_here(request, settings=self._settings):
            raise TokenMissing
        sent = request.headers.get(CSRF_HEADER) or await _token_in_form(request)
        wanted = visitor.csrf_token or ""
        if not wanted or not hmac.compare_digest(sent.encode("utf-8", "replace"), wanted.encode()):
            raise TokenMissing

    def _by_key(self, text: str) -> Visitor | None:
        if not looks_like_key(text):
            return None
        with self._store.read() as tx:
            key = tx.api_keys.find(digest(text))
            login = None if key is None or not key.is_live(now=tx.now) else _login(tx, key.login_id)
            if key is None or login is None:
                return None
            visitor = _visitor_by_key(tx, login, key)
            is_noted = key.used_at is not None and tx.now - key.used_at < _NOTE_EVERY
        if not is_noted:
            self._note_key(key)
        return visitor

    def _by_session(self, token: str) -> Visitor | None:
        with self._store.read() as tx:
            session = tx.web_sessions.find(digest(token))
            if session is None or not session.is_live(now=tx.now, idle=self._settings.session_idle):
                return None
            login = _login(tx, session.login_id)
            if login is None:
                return None
            visitor = _visitor_by_session(tx, login, session)
            is_noted = tx.now - session.seen_at < _NOTE_EVERY
        if not is_noted:
            self._note_session(session)
        return visitor

    def _note_key(self, key: ApiKey) -> None:
        try:
            with self._store.write() as tx:
                tx.api_keys.note_used(key.key_id)
        except Unavailable as error:  # whoever only reads must not be kept out by a database that cannot be written
            _log.warning("web.key_not_noted", key=key.prefix, problem=str(error))

    def _note_session(self, session: WebSession) -> None:
        try:
            with self._store.write() as tx:
                tx.web_sessions.touch(session.token_hash)
        except Unavailable as error:
            _log.warning("web.session_not_noted", session=session.session_id, problem=str(error))


def _login(tx: Transaction, login_id: int) -> Login | None:
    """Return a login that may come in."""
    login = tx.logins.by_ids([login_id]).get(login_id)
    return login if login is not None and login.status is LoginStatus.ACTIVE else None


def _visitor_by_key(tx: Transaction, login: Login, key: ApiKey) -> Visitor:
    return Visitor(
        login=login.login,
        login_id=login.login_id,
        name=login.name,
        user_resource_id=login.user_resource_id,
        grants=key.grants.within(tx.access_groups.grants_of(login.login_id)),
        came_by=CameBy.API_KEY,
        key_prefix=key.prefix,
    )


def _visitor_by_session(tx: Transaction, login: Login, session: WebSession) -> Visitor:
    return Visitor(
        login=login.login,
        login_id=login.login_id,
        name=login.name,
        user_resource_id=login.user_resource_id,
        grants=tx.access_groups.grants_of(login.login_id),
        came_by=CameBy.SESSION,
        csrf_token=session.csrf_token,
        must_change=login.must_change,
    )


def _keys_in(request: Request) -> set[str]:
    """Return the API keys that the headers hold."""
    found = {value.strip() for header in _KEY_HEADERS for value in request.headers.getlist(header)}
    for value in request.headers.getlist("Authorization"):
        scheme, _, rest = value.partition(" ")
        if scheme.lower() == "bearer":
            found.add(rest.strip())
    return found


async def _token_in_form(request: Request) -> str:
    if not request.headers.get("content-type", "").lower().startswith(_FORMS):
        return ""
    # The request keeps what is read here for the handler. A route that takes files has read them by now; any other one
    # takes none.
    form = await request.form(max_files=0)
    sent = form.get(CSRF_FIELD)
    return sent if isinstance(sent, str) else ""
