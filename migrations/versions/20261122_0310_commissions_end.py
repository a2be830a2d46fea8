"""Let a campaign's rule end: one of kind tiers gives its goods back to the plan.

Revision: commissions_end, after settlement_answer.
"""

from alembic import op

revision = "commissions_end"
down_revision = "settlement_answer"
branch_labels = None
depends_on = None

RULES = "commission_campaign_rules"
REPLACES = "ck_commission_campaign_rules_replaces_the_tiers"


def upgrade() -> None:
    """Migrate forward."""
    op.drop_constraint(op.f(REPLACES), RULES, type_="check")


def downgrade() -> None:
    """Migrate back; with a rule of kind tiers it fails."""
    op.create_check_constraint(op.f(REPLACES), RULES, "kind <> 'tiers'")
