"""What the web's routes are given: the app, its settings, and how visitors are let in."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from duetime.app.app import App
from duetime.web.visitor import Visitor
from duetime.web.web_settings import WebSettings

Authenticate = Callable[[Request], Visitor | None]
"""Says who makes a request, in a thread of its own; None = nobody who is let in."""
RequireToken = Callable[[Request, Visitor], Awaitable[None]]
"""Raises `TokenMissing` when a change by a session does not carry the session's token."""


@dataclass(frozen=True, slots=True)
class WebPorts:
    """One per server, at `app.state.ports`."""

    app: App
    settings: WebSettings
    authenticate: Authenticate
    require_token: RequireToken


def _ports(request: Request) -> WebPorts:
    found: WebPorts = request.app.state.ports
    return found


def _app(request: Request) -> App:
    return _ports(request).app


CurrentPorts = Annotated[WebPorts, Depends(_ports)]
"""A parameter of handlers: everything."""
CurrentApp = Annotated[App, Depends(_app)]
"""A parameter of handlers: duetime itself."""
