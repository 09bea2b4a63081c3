"""Opening and ending web sessions."""

from typing import NamedTuple

from duetime.core.logins import Login, WebSession
from duetime.store.store import Transaction
from duetime.web.access.tokens import digest, new_token
from duetime.web.web_settings import WebSettings


class Browser(NamedTuple):
    """Where a request comes from.

    Attributes:
        address: of the machine.
        agent: how the browser calls itself.
    """

    address: str
    agent: str


class NewSession(NamedTuple):
    """A session that was just opened.

    Attributes:
        token: its cookie, which nobody else ever learns.
    """

    token: str
    session: WebSession


def open_session(
    tx: Transaction, login: Login, *, settings: WebSettings, browser: Browser, by: str, old_token: str | None = None
) -> NewSession:
    """Open a session under a token that nobody has known before.

    Args:
        tx: the transaction.
        login: who has proved themselves.
        settings: how long it lives.
        browser: where from.
        by: how they proved it, for the audit trail: `password` or `oidc`.
        old_token: the cookie that the browser had; its session ends.
    """
    if old_token is not None:
        tx.web_sessions.revoke(digest(old_token))
    tx.web_sessions.prune(idle=settings.session_idle)
    token = new_token()
    session = tx.web_sessions.open(
        digest(token),
        login_id=login.login_id,
        csrf_token=new_token(),
        life=settings.session_life,
        address=browser.address,
        agent=browser.agent,
    )
    tx.logins.note_seen(login.login_id)
    tx.audit.add(
        actor=f"web:{login.login}",
        verb="session.open",
        subject=f"login:{login.login}",
        after={"session": session.session_id, "address": session.address, "by": by},
    )
    return NewSession(token, session)


def end_session(tx: Transaction, login: Login, session: WebSession, *, actor: str) -> None:
    """End one session."""
    if tx.web_sessions.revoke(session.token_hash):
        tx.audit.add(
            actor=actor,
            verb="session.end",
            subject=f"login:{login.login}",
            before={"session": session.session_id, "address": session.address},
        )


def end_sessions(tx: Transaction, login: Login, *, actor: str, but: bytes | None = None) -> int:
    """End every session of a login, or all but one; return how many."""
    ended = tx.web_sessions.revoke_all(login.login_id, but=but)
    if ended:
        tx.audit.add(actor=actor, verb="session.end_all", subject=f"login:{login.login}", before={"sessions": ended})
    return ended
