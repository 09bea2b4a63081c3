"""The settings of what monitoring sees."""

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator

from duetime.app.setting_field import read_span, setting


class ObservePart(BaseModel):
    """What monitoring works by."""

    overdue_after: Annotated[timedelta, BeforeValidator(read_span)] = setting(
        "60s",
        meaning="how late the oldest due event may be while nothing fires before `/readyz` says so",
        wanted="a length of time such as 60s or 5m, at least 5s",
        validate_default=True,
        ge=timedelta(seconds=5),
    )
    metrics_open: bool = setting(
        False,
        meaning="whether programs on the web server's own machine read `/metrics` without an API key",
        wanted="true or false",
    )
    traces: bool = setting(
        False,
        meaning="whether traces are sent to where the variables `OTEL_...` say; needs the extra `traces`",
        wanted="true or false",
    )
