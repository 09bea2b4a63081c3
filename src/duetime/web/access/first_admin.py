"""The first administrator of a new installation."""

from duetime.app.app import App
from duetime.core.access import EVERYTHING
from duetime.core.grant_documents import write_grants
from duetime.core.logins import administers_access
from duetime.web.access.passwords import Passwords, new_password

LOGIN = "admin"
GROUP = "administrators"
_ACTOR = "system:first-start"


def ensure_admin(app: App, *, passwords: Passwords | None = None) -> str | None:
    """Make an administrator when there is no login at all, and return the password to log in with once.

    Of several servers that start at the same time on one database, one makes it. Nothing happens, and None is
    returned, as soon as there is any login, even a disabled one: nobody gets in again by deleting an administrator.
    """
    with app.store.read() as tx:
        if tx.logins.is_any():
            return None
    password = new_password()
    kept = (passwords or Passwords()).hash(password)
    with app.store.write() as tx:
        tx.access_groups.lock()
        if tx.logins.is_any():
            return None
        login = tx.logins.add(LOGIN, name="Administrator", password_hash=kept, must_change=True)
        group = tx.access_groups.find(GROUP)
        if group is None or not administers_access(group.grants):
            group = tx.access_groups.save(GROUP, grants=EVERYTHING, description="May do everything.")
            after = {"grants": write_grants(group.grants)}
            tx.audit.add(actor=_ACTOR, verb="access_group.save", subject=f"access_group:{GROUP}", after=after)
        tx.access_groups.add_member(GROUP, login.login_id)
        tx.audit.add(
            actor=_ACTOR, verb="login.add", subject=f"login:{LOGIN}", after={"groups": [GROUP], "must_change": True}
        )
    return password
