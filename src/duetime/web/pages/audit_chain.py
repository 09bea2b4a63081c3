"""`/audit/chain`: whether the audit trail is whole. Following it takes long, so that it is done beside the requests."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from duetime.app.app import App
from duetime.core.access import Feature
from duetime.core.errors import UnknownName
from duetime.store.audit_chain import ChainReport
from duetime.web.audit_filter import require_whole_audit
from duetime.web.long_work import LongWork, Progress
from duetime.web.need import CurrentVisitor, needs
from duetime.web.pages.rendering import PageContext, render
from duetime.web.ports import CurrentApp

router = APIRouter(include_in_schema=False)
_PATH = "/audit/chain"
_SUBJECT = "audit trail"
_QUICK_SECONDS = 0.4


@dataclass(frozen=True, slots=True)
class AuditChainPage(PageContext):
    """What following the chain has come to.

    Attributes:
        progress: None = it was not asked for.
        look_path: where to look again; empty when there is no need.
    """

    template = "audit_chain.html"
    progress: Progress[ChainReport] | None
    look_path: str


def _verifications(request: Request) -> LongWork[ChainReport]:
    found: LongWork[ChainReport] = request.app.state.verifications
    return found


CurrentVerifications = Annotated[LongWork[ChainReport], Depends(_verifications)]


@router.get(_PATH, dependencies=[needs(Feature.AUDIT)])
def start_page(request: Request, visitor: CurrentVisitor) -> Response:
    """Say what the chain is, with the button that follows it."""
    require_whole_audit(visitor)
    return render(request, AuditChainPage(None, ""))


@router.post(_PATH, dependencies=[needs(Feature.AUDIT)])
def follow(app: CurrentApp, visitor: CurrentVisitor, verifications: CurrentVerifications) -> Response:
    """Follow the chain from its first entry to its last."""
    require_whole_audit(visitor)
    ticket = verifications.ask(_SUBJECT, who=visitor.actor, work=lambda: _verified(app))
    return RedirectResponse(f"{_PATH}/{ticket}", status_code=303)


@router.get(f"{_PATH}/{{ticket}}", dependencies=[needs(Feature.AUDIT)])
def chain_page(request: Request, ticket: str, visitor: CurrentVisitor, verifications: CurrentVerifications) -> Response:
    """Show what came of it, or how far it is."""
    require_whole_audit(visitor)
    try:
        progress = verifications.look(ticket, who=visitor.actor, wait_seconds=_QUICK_SECONDS)
    except UnknownName:
        return RedirectResponse(_PATH, status_code=303)
    look_path = "" if progress.is_over else f"{_PATH}/{progress.ticket}"
    return render(request, AuditChainPage(progress, look_path))


def _verified(app: App) -> ChainReport:
    with app.store.read() as tx:
        return tx.audit.verify()
