"""A client of duetime's API, for scripts and programs: `with ApiClient(url, key) as duetime: ...`."""

from duetime.api_client.client import ApiClient
from duetime.api_client.errors import ApiProblem, ApiUnreachable

__all__ = ["ApiClient", "ApiProblem", "ApiUnreachable"]
