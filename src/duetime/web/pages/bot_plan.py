"""`/bots/{name}/plan`: what a run would do now. Plans are made beside the requests and looked at again and again."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from duetime.bots.plan import BotPlan
from duetime.core.access import Feature
from duetime.core.errors import UnknownName
from duetime.store.operation_preview import Effect
from duetime.web.bot_planning import plan_for
from duetime.web.long_work import LongWork, Progress
from duetime.web.need import CurrentVisitor, needs
from duetime.web.pages.bot_head import BotHead, BotName, bot_head
from duetime.web.pages.paths import bot_path, with_query
from duetime.web.pages.rendering import PageContext, render
from duetime.web.ports import CurrentApp

router = APIRouter(include_in_schema=False)
_SHOWN = 200
_REMARKS = 50
_QUICK_SECONDS = 0.4
"""How long a look waits for a plan that is nearly there."""


def _plans(request: Request) -> LongWork[BotPlan]:
    plans: LongWork[BotPlan] = request.app.state.plans
    return plans


CurrentPlans = Annotated[LongWork[BotPlan], Depends(_plans)]


@dataclass(frozen=True, slots=True)
class BotPlanPage(PageContext):
    """A plan as far as it is, or the button that makes one.

    Attributes:
        progress: None = none was asked for.
        plan: the plan, once it is made.
        effects: how many events there are of each effect.
        look_path: where to look again; empty when there is no need.
        most: how many events are shown at most.
        remarks: how many remarks of a kind are shown at most.
    """

    template = "bot_plan.html"
    head: BotHead
    progress: Progress[BotPlan] | None
    plan: BotPlan | None
    effects: tuple[tuple[str, int], ...]
    look_path: str
    most: int = _SHOWN
    remarks: int = _REMARKS


@router.get("/bots/{name:path}/plan", dependencies=[needs(Feature.BOTS)])
def start_page(request: Request, name: BotName, app: CurrentApp, visitor: CurrentVisitor) -> Response:
    """Say what a plan is, with the button that makes one."""
    with app.store.read() as tx:
        head = bot_head(tx, visitor, name, tab="plan")
    return render(request, BotPlanPage(head, None, None, (), ""))


@router.post("/bots/{name:path}/plan", dependencies=[needs(Feature.BOTS)])
def ask(name: BotName, app: CurrentApp, visitor: CurrentVisitor, plans: CurrentPlans) -> Response:
    """Have a plan made."""
    with app.store.read() as tx:
        bot_head(tx, visitor, name)
    ticket = plans.ask(name, who=visitor.actor, work=lambda: plan_for(app, visitor, name))
    return RedirectResponse(bot_path(name, "plan", ticket), status_code=303)


@router.get("/bots/{name:path}/plan/{ticket}", dependencies=[needs(Feature.BOTS)])
def plan_page(
    request: Request, name: BotName, ticket: str, app: CurrentApp, visitor: CurrentVisitor, plans: CurrentPlans
) -> Response:
    """Show a plan, or how far it is."""
    with app.store.read() as tx:
        head = bot_head(tx, visitor, name, tab="plan")
    try:
        progress = plans.look(ticket, who=visitor.actor, wait_seconds=_QUICK_SECONDS)
    except UnknownName:
        return RedirectResponse(with_query(bot_path(name, "plan"), done="plan-gone"), status_code=303)
    if progress.subject != name:
        return RedirectResponse(bot_path(name, "plan"), status_code=303)
    plan = progress.result
    effects = () if plan is None else tuple((effect.value, plan.counts.get(effect, 0)) for effect in Effect)
    look_path = "" if progress.is_over else bot_path(name, "plan", ticket)
    return render(request, BotPlanPage(head, progress, plan, effects, look_path))
