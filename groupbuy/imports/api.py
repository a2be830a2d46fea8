"""Imports and exports over HTTP, for headquarters."""

from typing import Any

from flask import request

from groupbuy.imports import errors, queries, services
from groupbuy.imports.kinds.registry import KINDS
from groupbuy.imports.models import Import
from groupbuy.imports.schemas import (
    BODY_BYTES,
    ExportQuery,
    ImportBody,
    ImportDetailSchema,
    ImportQuery,
    ImportSchema,
)
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.downloads import SHEETS, Download, sheet_download
from groupbuy.kernel.http import Api, Page, language, page_of
from groupbuy.kernel.problems import NotInThisState
from groupbuy.kernel.settings import settings

api = Api("imports", __name__, url_prefix="/api/v1", description="Sheets in and out")

IMPORT = "/hq/imports/<id(imp):import_id>"


def let_files_in() -> None:
    """Let the body that brings a sheet be as long as one."""
    if request.endpoint == "imports.upload_import":
        request.max_content_length = BODY_BYTES


api.before_request(let_files_in)


@api.get("/hq/imports", allow="imports.read", query=ImportQuery, returns=page_of(ImportSchema))
def list_imports(actor: Actor, query: dict[str, Any]) -> Page[Import]:
    """List imports, newest first."""
    return queries.import_list(**query)


@api.post(
    "/hq/imports",
    allow="imports.edit",
    body=ImportBody,
    returns=ImportDetailSchema,
    status=201,
    idempotent=True,
    problems=[errors.SheetUnreadable],
)
def upload_import(actor: Actor, body: dict[str, Any]) -> Import:
    """Upload a sheet and learn what it would do, or what is wrong in which cell."""
    with transaction():
        return services.upload(**body, actor=actor, now=clock.now())


@api.get(IMPORT, allow="imports.read", returns=ImportDetailSchema)
def show_import(actor: Actor, import_id: str) -> Import:
    """Show an import with its faults."""
    return queries.an_import(import_id)


@api.post(
    f"{IMPORT}/application",
    allow="imports.edit",
    returns=ImportSchema,
    problems=[NotInThisState, errors.ImportFaulty],
)
def apply_import(actor: Actor, import_id: str) -> Import:
    """Do what the sheet says: all of it, or nothing."""
    with transaction():
        return services.apply(import_id=import_id, actor=actor, now=clock.now())


@api.post(
    f"{IMPORT}/discarding",
    allow="imports.edit",
    returns=ImportSchema,
    problems=[NotInThisState],
)
def discard_import(actor: Actor, import_id: str) -> Import:
    """Put a sheet away that is not to be applied."""
    with transaction():
        return services.discard(import_id=import_id, actor=actor, now=clock.now())


@api.get("/hq/exports", allow="imports.read", query=ExportQuery, files=SHEETS)
def export_sheet(actor: Actor, query: dict[str, Any]) -> Download:
    """Export everything of a kind, under the headings with which it can be imported again."""
    return sheet_download(
        rows=services.export(kind=query["kind"]),
        columns=KINDS[query["kind"]].COLUMNS,
        format=query["format"],
        name=query["kind"],
        language=language(),
        zone=settings().calendar.zone,
    )
