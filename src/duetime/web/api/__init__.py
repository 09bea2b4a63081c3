"""The API, a file for each noun."""

from collections.abc import Sequence

from fastapi import APIRouter

from duetime.web.api import workers

ROUTERS: Sequence[APIRouter] = (workers.router,)
"""Every router of the API."""
