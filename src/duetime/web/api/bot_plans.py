"""`/api/v1/bots/{name}/plans`: what a run would do now. A plan is made beside the requests that ask for it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from duetime.bots.plan import BotPlan, PlannedEvent
from duetime.core.access import Feature
from duetime.core.errors import UnknownName
from duetime.store.operation_preview import Effect
from duetime.web.api.bot_bodies import BotName
from duetime.web.api.paths import bot_path
from duetime.web.api_route import ApiRoute
from duetime.web.bot_planning import plan_for
from duetime.web.long_work import LongWork, Progress, WorkState
from duetime.web.need import CurrentVisitor, needs
from duetime.web.parameters import PlainText
from duetime.web.ports import CurrentApp
from duetime.web.reach import bot_for

router = APIRouter(prefix="/api/v1/bots", tags=["bots"], route_class=ApiRoute)
_MOST_EVENTS = 10_000
Wait = Annotated[float, Query(ge=0, le=5, allow_inf_nan=False, description="How many seconds to wait for the plan.")]
Most = Annotated[int, Query(ge=0, le=_MOST_EVENTS, description="How many events of the plan are listed at most.")]


def _plans(request: Request) -> LongWork[BotPlan]:
    found: LongWork[BotPlan] = request.app.state.plans
    return found


CurrentPlans = Annotated[LongWork[BotPlan], Depends(_plans)]


class PlannedEventOut(BaseModel):
    """What would become of one event."""

    effect: Effect
    event_type: str
    resource_id: str | None
    due_at: datetime
    event_id: int | None = Field(description="The event that would be kept, replaced or cancelled; null for a new one.")
    why: str

    @classmethod
    def of(cls, event: PlannedEvent) -> "PlannedEventOut":
        """Return it as the API shows it."""
        return cls(
            effect=event.effect,
            event_type=event.event_type,
            resource_id=event.resource_id,
            due_at=event.due_at,
            event_id=event.event_id,
            why=event.why,
        )


class UnsureOut(BaseModel):
    """A pending event of which nobody can say whether it is still wanted; it stands."""

    event_id: int
    reason: str


class LeftOutOut(BaseModel):
    """An account whose inventory is too old to act on."""

    account: str
    reason: str


class PlannedActionOut(BaseModel):
    """What one action answered when it was called for the plan."""

    uid: str
    matches: int
    errors: list[str]
    is_pure: bool = Field(description="Whether it is known to do nothing but ask for events.")


class PlanOut(BaseModel):
    """What a run of a bot would do."""

    version: int
    planned_at: datetime
    matches: int
    non_matches: int | None
    counts: dict[Effect, int]
    events: list[PlannedEventOut] = Field(description="The first of them; `counts` counts all.")
    unsure: list[UnsureOut]
    left_out: list[LeftOutOut]
    conflicts: list[str] = Field(description="Opposite wishes at nearly one time, in words.")
    also_wanted_by: dict[str, list[str]] = Field(description="Other bots that look for the same resources.")
    actions: list[PlannedActionOut]
    denied: str | None = Field(description="Why the run itself would be denied; null when it would not be.")

    @classmethod
    def of(cls, plan: BotPlan, *, most: int) -> "PlanOut":
        """Return a plan as the API shows it."""
        return cls(
            version=plan.bot.version,
            planned_at=plan.planned_at,
            matches=plan.matches,
            non_matches=plan.non_matches,
            counts={effect: plan.counts.get(effect, 0) for effect in Effect},
            events=[PlannedEventOut.of(event) for event in plan.events[:most]],
            unsure=[UnsureOut(event_id=event_id, reason=reason) for event_id, reason in plan.unsure[:most]],
            left_out=[LeftOutOut(account=each.account, reason=each.reason) for each in plan.left_out],
            conflicts=[each.in_words() for each in plan.conflicts[:most]],
            also_wanted_by={key: list(names) for key, names in list(plan.also_wanted_by.items())[:most]},
            actions=[
                PlannedActionOut(
                    uid=each.report.uid,
                    matches=each.report.matches,
                    errors=list(each.report.errors),
                    is_pure=each.is_pure,
                )
                for each in plan.actions
            ],
            denied=plan.denied,
        )


class PlanProgressOut(BaseModel):
    """A plan that was asked for, as far as it is."""

    ticket: str
    bot: str
    state: WorkState
    seconds: float = Field(description="How long it has been worked at, or was.")
    problem: str = Field(description="Why it could not be made; empty unless the state is `failed`.")
    watch: str = Field(description="Where to look how far it is.")
    plan: PlanOut | None

    @classmethod
    def of(cls, progress: Progress[BotPlan], *, most: int) -> "PlanProgressOut":
        """Return it as the API shows it."""
        return cls(
            ticket=progress.ticket,
            bot=progress.subject,
            state=progress.state,
            seconds=progress.took.total_seconds(),
            problem=progress.problem,
            watch=bot_path(progress.subject, f"plans/{progress.ticket}"),
            plan=None if progress.result is None else PlanOut.of(progress.result, most=most),
        )


@router.post(
    "/{name:path}/plans",
    dependencies=[needs(Feature.BOTS)],
    response_model=PlanProgressOut,
    responses={202: {"model": PlanProgressOut, "description": "It is being made; look at `watch`."}},
)
def plan_bot(
    name: BotName, app: CurrentApp, visitor: CurrentVisitor, plans: CurrentPlans, wait: Wait = 2, most: Most = 200
) -> Response:
    """Say what a run of a bot would schedule, keep, replace and cancel now, without doing it.

    A plan that takes longer than `wait` is answered with 202 and made on.
    """
    with app.store.read() as tx:
        bot_for(tx, visitor, name)
    ticket = plans.ask(name, who=visitor.actor, work=lambda: plan_for(app, visitor, name))
    return _answer(plans.look(ticket, who=visitor.actor, wait_seconds=wait), most=most)


@router.get(
    "/{name:path}/plans/{ticket}",
    dependencies=[needs(Feature.BOTS)],
    response_model=PlanProgressOut,
    responses={202: {"model": PlanProgressOut, "description": "It is still being made."}},
)
def get_bot_plan(
    name: BotName,
    ticket: Annotated[PlainText, Path(max_length=100, description="The ticket that asking for it has given.")],
    app: CurrentApp,
    visitor: CurrentVisitor,
    plans: CurrentPlans,
    *,
    wait: Wait = 0,
    most: Most = 200,
) -> Response:
    """Look how far a plan is that you have asked for; it is kept for ten minutes."""
    with app.store.read() as tx:
        bot_for(tx, visitor, name)
    progress = plans.look(ticket, who=visitor.actor, wait_seconds=wait)
    if progress.subject != name:
        raise UnknownName("plan", ticket)
    return _answer(progress, most=most)


def _answer(progress: Progress[BotPlan], *, most: int) -> Response:
    body = PlanProgressOut.of(progress, most=most)
    status = 200 if progress.is_over else 202
    return JSONResponse(body.model_dump(mode="json"), status_code=status, headers={"Location": body.watch})
