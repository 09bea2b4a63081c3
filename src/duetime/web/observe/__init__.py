"""What monitoring reads."""

from collections.abc import Sequence

from fastapi import APIRouter

from duetime.web.observe import routes

ROUTERS: Sequence[APIRouter] = (routes.router,)
"""Every router of monitoring."""
