"""Choosing another password for oneself."""

from starlette.requests import Request

from duetime.app.app import App
from duetime.core.errors import Invalid
from duetime.web.access.browser_sessions import NewSession, open_session
from duetime.web.access.desk import Desk
from duetime.web.access.login_steering import set_password
from duetime.web.access.origins import browser_of
from duetime.web.access.password_login import Asked
from duetime.web.access.passwords import require_good
from duetime.web.errors import LoginRefused, NeedsSession
from duetime.web.visitor import CameBy, Visitor


def change_own_password(
    app: App, desk: Desk, visitor: Visitor, request: Request, *, present: str, chosen: str
) -> NewSession:
    """Give somebody the password that they have chosen; every session ends, and a new one is opened here.

    Args:
        app: where logins are kept.
        desk: how passwords are kept.
        visitor: who asks.
        request: what asks, and from where.
        present: the password until now, typed once more: an open screen must not be enough.
        chosen: the password from now on.

    Raises:
        Invalid: the new password is too easy, or the old one.
        LoginRefused: the present password is wrong.
        NeedsSession: an API key asks.
        TooManyAttempts: the present password was tried too often.
    """
    if visitor.came_by is not CameBy.SESSION:
        raise NeedsSession("Choosing a password")
    require_good(chosen, login=visitor.login)
    browser = browser_of(request)
    proved = desk.by_password.prove(
        Asked(login=visitor.login, password=present, browser=browser, device=desk.device.read(request))
    )
    if chosen == present:
        raise Invalid("The new password is the present one. Choose another one.")
    kept = desk.passwords.hash(chosen)
    with app.store.write() as tx:
        login = tx.logins.require(visitor.login_id)
        if login.password_hash != proved.password_hash:
            raise LoginRefused  # somebody has changed it meanwhile
        changed = set_password(tx, actor=visitor.actor, login=login, password_hash=kept, must_change=False)
        return open_session(tx, changed, settings=desk.settings, browser=browser, by="password")
