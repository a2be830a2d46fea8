"""Headquarters' pages of progress over HTTP."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.downloads import SHEETS, Download, sheet_download
from groupbuy.kernel.http import Api, Nothing, Page, language, page_of
from groupbuy.kernel.settings import settings
from groupbuy.kernel.sheets import rows_of
from groupbuy.kernel.texts import Text
from groupbuy.training import jobs
from groupbuy.training.models import TrainingRecount
from groupbuy.training.queries.funnel import Funnel, funnel, funnel_file, standing_list
from groupbuy.training.queries.glance import MemberGlance, cohort_glance
from groupbuy.training.queries.progress import ProgressRow, progress_file, progress_list
from groupbuy.training.rules.progress import FUNNEL_COLUMNS, PROGRESS_COLUMNS
from groupbuy.training.schemas.progress import (
    CohortGlanceQuery,
    FunnelFileQuery,
    FunnelQuery,
    FunnelSchema,
    MemberGlanceSchema,
    ProgressFileQuery,
    ProgressQuery,
    RecountSchema,
    StandingQuery,
    TrainingProgressSchema,
)

api = Api("training_progress", __name__, url_prefix="/api/v1", description="Progress of leaders")

PROGRESS = "/hq/training-progress"
FUNNEL = f"{PROGRESS}/funnel"
PROGRESS_NAME = Text("学习进度", "training-progress")
FUNNEL_NAME = Text("学习漏斗", "training-funnel")


@api.get(
    PROGRESS, allow="training.read", query=ProgressQuery, returns=page_of(TrainingProgressSchema)
)
def list_training_progress(actor: Actor, query: dict[str, Any]) -> Page[ProgressRow]:
    """List how far each leader has come in each program; who did nothing for longest first."""
    return progress_list(**query, now=clock.now())


@api.get(f"{PROGRESS}/file", allow="training.read", query=ProgressFileQuery, files=SHEETS)
def download_training_progress(actor: Actor, query: dict[str, Any]) -> Download:
    """Download how far each leader has come, the newest enrolment first."""
    format = query.pop("format")
    rows = progress_file(language=language(), now=clock.now(), **query)
    return sheet_download(
        rows=rows_of(rows, PROGRESS_COLUMNS),
        columns=PROGRESS_COLUMNS,
        format=format,
        name=PROGRESS_NAME.to(language()),
        language=language(),
        zone=settings().calendar.zone,
    )


@api.get(FUNNEL, allow="training.read", query=FunnelQuery, returns=FunnelSchema)
def show_training_funnel(actor: Actor, query: dict[str, Any]) -> Funnel:
    """Show how many leaders came how far in a program, lesson by lesson."""
    return funnel(**query, now=clock.now())


@api.get(f"{FUNNEL}/file", allow="training.read", query=FunnelFileQuery, files=SHEETS)
def download_training_funnel(actor: Actor, query: dict[str, Any]) -> Download:
    """Download a program's funnel, a row for each lesson."""
    format = query.pop("format")
    rows = funnel_file(funnel(**query, now=clock.now()), language=language())
    return sheet_download(
        rows=rows_of(rows, FUNNEL_COLUMNS),
        columns=FUNNEL_COLUMNS,
        format=format,
        name=FUNNEL_NAME.to(language()),
        language=language(),
        zone=settings().calendar.zone,
    )


@api.get(
    f"{FUNNEL}/<id(lsn):lesson_id>/leaders",
    allow="training.read",
    query=StandingQuery,
    returns=page_of(TrainingProgressSchema),
)
def list_standing_leaders(actor: Actor, lesson_id: str, query: dict[str, Any]) -> Page[ProgressRow]:
    """List who stands at a lesson as of the last count, who did nothing for longest first."""
    return standing_list(lesson_id=lesson_id, **query, now=clock.now())


@api.get(
    "/hq/cohorts/<id(cht):cohort_id>/progress",
    allow="training.read",
    query=CohortGlanceQuery,
    returns=page_of(MemberGlanceSchema),
)
def list_cohort_progress(actor: Actor, cohort_id: str, query: dict[str, Any]) -> Page[MemberGlance]:
    """List a cohort's members with progress, attendance of the last weeks and streak."""
    return cohort_glance(cohort_id, **query, now=clock.now())


@api.post(
    f"{PROGRESS}/recount", allow="training.edit", body=Nothing, returns=RecountSchema, status=202
)
def recount_training_progress(actor: Actor, body: dict[str, Any]) -> TrainingRecount:
    """Count everything now instead of at night; a count that is under way goes on."""
    with transaction():
        return jobs.start_recount(now=clock.now())
