"""Training against sales over HTTP."""

from typing import Any

from groupbuy.kernel.access import Actor
from groupbuy.kernel.downloads import SHEETS, sheet_download
from groupbuy.kernel.http import Api, Download, language
from groupbuy.kernel.settings import settings
from groupbuy.kernel.sheets import rows_of
from groupbuy.training.queries.effects import effect_rows, effects
from groupbuy.training.rules.effects import CAUTION, COLUMNS, NAME
from groupbuy.training.schemas.effects import (
    TrainingEffectFileQuery,
    TrainingEffectQuery,
    TrainingEffectsSchema,
)

api = Api("training_effects", __name__, url_prefix="/api/v1", description="Training against sales")

EFFECTS = "/hq/training-effects"


@api.get(EFFECTS, allow="training.read", query=TrainingEffectQuery, returns=TrainingEffectsSchema)
def show_training_effects(actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """Show what leaders sold before and after a program, with the sizes of the groups."""
    wanted = settings()
    least = wanted.training_effect_min_group
    found = effects(calendar=wanted.calendar, least=least, **query)
    return {"items": found, "least": least, "caution": CAUTION}


@api.get(f"{EFFECTS}/file", allow="training.read", query=TrainingEffectFileQuery, files=SHEETS)
def download_training_effects(actor: Actor, query: dict[str, Any]) -> Download:
    """Download what leaders sold before and after a program; the last row says its limits."""
    wanted, format = settings(), query.pop("format")
    least = wanted.training_effect_min_group
    found = effects(calendar=wanted.calendar, least=least, **query)
    return sheet_download(
        rows=rows_of(effect_rows(found, language()), COLUMNS),
        columns=COLUMNS,
        format=format,
        name=NAME.to(language()),
        language=language(),
        zone=wanted.calendar.zone,
    )
