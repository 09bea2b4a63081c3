"""The web server: every route, and what stands around them."""

from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from duetime.app.app import App
from duetime.bots.plan import BotPlan
from duetime.store.audit_chain import ChainReport
from duetime.web import api, observe, pages
from duetime.web.access.desk import Desk
from duetime.web.headers import SafeHeaders
from duetime.web.long_work import LongWork
from duetime.web.need import require_needs
from duetime.web.observe.watch import Watch
from duetime.web.pages.error_pages import add_error_pages
from duetime.web.ports import Authenticate, RequireToken, WebPorts
from duetime.web.problems import add_problem_handlers
from duetime.web.web_settings import WebSettings

_STATIC = Path(__file__).parent / "static"
_DESCRIPTION = """Runs the jobs that cloud-automation bots ask for, at the times they asked for.

Send an API key in the header `Api-Key`. Lists are paged by cursors: a page says in `next` where the following one
begins, and is the last when that is null; a page may be short. Changes take an `Idempotency-Key`, so that they can be
repeated safely. Errors are problem documents (RFC 9457).
"""


def create_web(app: App, *, settings: WebSettings, authenticate: Authenticate, require_token: RequireToken) -> FastAPI:
    """Return the web server of an app, as an ASGI application.

    Args:
        app: what it shows and steers.
        settings: how it works.
        authenticate: says who makes a request.
        require_token: refuses changes that another site may have made a browser send.

    Raises:
        RuntimeError: a route does not say who it is for.
    """
    web = FastAPI(
        title="duetime",
        version=version("duetime"),
        description=_DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    web.state.ports = WebPorts(app, settings, authenticate, require_token)
    web.state.desk = Desk.of(app, settings)
    web.state.plans = LongWork[BotPlan](app.clock)
    web.state.verifications = LongWork[ChainReport](app.clock, threads=1)
    web.state.watch = Watch(app, overdue_after=settings.overdue_after)
    add_problem_handlers(web)
    add_error_pages(web)
    for router in (*api.ROUTERS, *pages.ROUTERS, *observe.ROUTERS):
        web.include_router(router)
    web.mount("/static", StaticFiles(directory=_STATIC), name="static")
    web.add_middleware(SafeHeaders, is_secure=settings.is_secure, max_body_bytes=settings.max_body_bytes)
    require_needs(web, static=frozenset({"/static"}))
    return web
