"""Certifications, certificates and their terms, and what these qualify leaders for.

Revision: training_certificates, after training_assessments.
"""

import sqlalchemy as sa
from alembic import op

revision = "training_certificates"
down_revision = "training_assessments"
branch_labels = None
depends_on = None


RULES = (
    (
        "leader_qualifications",
        "leader_qualifications_stay",
        """create or replace function leader_qualifications_stay() returns trigger language plpgsql as $body$
begin
    if tg_op = 'DELETE' or old.ended_at is not null
        or to_jsonb(new) - 'ended_at' <> to_jsonb(old) - 'ended_at'
    then
        raise exception 'a qualification is ended once; nothing else in it changes'
            using errcode = 'restrict_violation';
    end if;
    return new;
end $body$""",
        """create trigger leader_qualifications_stay before update or delete on leader_qualifications for each row execute function leader_qualifications_stay()""",
    ),
    (
        "certificate_terms",
        "certificate_terms_append_only",
        """create or replace function certificate_terms_append_only() returns trigger language plpgsql as $body$
begin
    raise exception 'certificate_terms is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger certificate_terms_append_only before update or delete on certificate_terms for each row execute function certificate_terms_append_only()""",
    ),
    (
        "certificate_terms",
        "certificate_terms_no_truncate",
        """create or replace function certificate_terms_no_truncate() returns trigger language plpgsql as $body$
begin
    raise exception 'certificate_terms is append-only' using errcode = 'restrict_violation';
end $body$""",
        """create trigger certificate_terms_no_truncate before truncate on certificate_terms for each statement execute function certificate_terms_no_truncate()""",
    ),
    (
        "certificates",
        "certificates_stay",
        """create or replace function certificates_stay() returns trigger language plpgsql as $body$
begin
    if tg_op = 'DELETE' or old.revoked_at is not null or new.expires_on < old.expires_on
        or to_jsonb(new) - array['expires_on', 'revoked_at', 'revoked_by', 'revocation_reason']
            <> to_jsonb(old) - array['expires_on', 'revoked_at', 'revoked_by', 'revocation_reason']
    then
        raise exception 'a certificate is renewed or revoked; nothing else in it changes'
            using errcode = 'restrict_violation';
    end if;
    return new;
end $body$""",
        """create trigger certificates_stay before update or delete on certificates for each row execute function certificates_stay()""",
    ),
)


def upgrade() -> None:
    op.create_table(
        "qualifications",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_qualifications")),
    )
    op.create_table(
        "hosting_requirements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"], ["categories.id"], name=op.f("fk_hosting_requirements_category_id")
        ),
        sa.ForeignKeyConstraint(
            ["code"], ["qualifications.code"], name=op.f("fk_hosting_requirements_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hosting_requirements")),
        sa.UniqueConstraint(
            "category_id",
            "code",
            name=op.f("uq_hosting_requirements_category_id_code"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "leader_level_rules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("level >= 2", name=op.f("ck_leader_level_rules_level_from_two")),
        sa.ForeignKeyConstraint(
            ["code"], ["qualifications.code"], name=op.f("fk_leader_level_rules_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leader_level_rules")),
        sa.UniqueConstraint("level", "code", name=op.f("uq_leader_level_rules_level_code")),
    )
    op.create_table(
        "leader_qualifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("from_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("until_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "ended_at >= recorded_at", name=op.f("ck_leader_qualifications_ended_later")
        ),
        sa.CheckConstraint(
            "from_at >= recorded_at", name=op.f("ck_leader_qualifications_never_backdated")
        ),
        sa.CheckConstraint(
            "until_at > from_at", name=op.f("ck_leader_qualifications_from_before_until")
        ),
        sa.ForeignKeyConstraint(
            ["code"], ["qualifications.code"], name=op.f("fk_leader_qualifications_code")
        ),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_leader_qualifications_leader_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leader_qualifications")),
        sa.UniqueConstraint("source", name=op.f("uq_leader_qualifications_source")),
    )
    op.create_index(
        "ix_leader_qualifications_code", "leader_qualifications", ["code"], unique=False
    )
    op.create_index(
        "ix_leader_qualifications_leader_id_code",
        "leader_qualifications",
        ["leader_id", "code"],
        unique=False,
    )
    op.create_table(
        "certifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("validity_days", sa.BigInteger(), nullable=False),
        sa.Column("renewal_window_days", sa.BigInteger(), nullable=False),
        sa.Column("renewal_lesson_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state in ('draft', 'published', 'retired')", name=op.f("ck_certifications_state_known")
        ),
        sa.CheckConstraint(
            "validity_days >= 0 and renewal_window_days >= 0 and (validity_days = 0 or renewal_window_days < validity_days)",
            name=op.f("ck_certifications_window_fits"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name=op.f("fk_certifications_program_id")
        ),
        sa.ForeignKeyConstraint(
            ["renewal_lesson_id"], ["lessons.id"], name=op.f("fk_certifications_renewal_lesson_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certifications")),
        sa.UniqueConstraint("code", name=op.f("uq_certifications_code")),
    )
    op.create_index(
        op.f("ix_certifications_program_id"), "certifications", ["program_id"], unique=False
    )
    op.create_table(
        "certificates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("certification_id", sa.Uuid(), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("qualification", sa.Text(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("validity_days", sa.BigInteger(), nullable=False),
        sa.Column("renewal_window_days", sa.BigInteger(), nullable=False),
        sa.Column("renewal_lesson_id", sa.Uuid(), nullable=True),
        sa.Column("issued_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("issued_by", sa.Text(), nullable=False),
        sa.Column("issue_reason", sa.Text(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("revoked_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.Column("revocation_reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(revoked_at is null) = (revoked_by is null) and (revoked_at is null) = (revocation_reason = '')",
            name=op.f("ck_certificates_revoked_by_someone"),
        ),
        sa.CheckConstraint(
            "(expires_on is null) = (validity_days = 0)",
            name=op.f("ck_certificates_expires_or_not"),
        ),
        sa.CheckConstraint(
            "validity_days >= 0 and renewal_window_days >= 0 and (validity_days = 0 or renewal_window_days < validity_days)",
            name=op.f("ck_certificates_window_fits"),
        ),
        sa.ForeignKeyConstraint(
            ["certification_id"],
            ["certifications.id"],
            name=op.f("fk_certificates_certification_id"),
        ),
        sa.ForeignKeyConstraint(
            ["leader_id"], ["leaders.id"], name=op.f("fk_certificates_leader_id")
        ),
        sa.ForeignKeyConstraint(
            ["renewal_lesson_id"], ["lessons.id"], name=op.f("fk_certificates_renewal_lesson_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificates")),
        sa.UniqueConstraint("number", name=op.f("uq_certificates_number")),
    )
    op.create_index(
        "ix_certificates_certification_id_expires_on",
        "certificates",
        ["certification_id", "expires_on"],
        unique=False,
    )
    op.create_index("ix_certificates_expires_on", "certificates", ["expires_on"], unique=False)
    op.create_index("ix_certificates_leader_id", "certificates", ["leader_id"], unique=False)
    op.create_index(
        "uq_certificates_one_live",
        "certificates",
        ["leader_id", "certification_id"],
        unique=True,
        postgresql_where=sa.text("revoked_at is null"),
    )
    op.create_table(
        "certificate_terms",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("certificate_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("until_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "cause in ('program_completed', 'issued_by_hand', 'assessment_passed', 'renewed_by_hand')",
            name=op.f("ck_certificate_terms_cause_known"),
        ),
        sa.CheckConstraint(
            "(until_at is null) = (expires_on is null)",
            name=op.f("ck_certificate_terms_ends_or_not"),
        ),
        sa.CheckConstraint(
            "until_at > starts_at", name=op.f("ck_certificate_terms_starts_before_it_ends")
        ),
        sa.ForeignKeyConstraint(
            ["certificate_id"],
            ["certificates.id"],
            name=op.f("fk_certificate_terms_certificate_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_terms")),
        sa.UniqueConstraint(
            "certificate_id", "number", name=op.f("uq_certificate_terms_certificate_id_number")
        ),
    )
    op.add_column("campaigns", sa.Column("required_qualification", sa.Text(), nullable=True))
    op.create_foreign_key(
        op.f("fk_campaigns_required_qualification"),
        "campaigns",
        "qualifications",
        ["required_qualification"],
        ["code"],
    )
    op.add_column(
        "commission_plan_versions", sa.Column("bonus_qualification", sa.Text(), nullable=True)
    )
    op.add_column(
        "commission_plan_versions", sa.Column("multiplier_qualification", sa.Text(), nullable=True)
    )
    op.create_foreign_key(
        op.f("fk_commission_plan_versions_multiplier_qualification"),
        "commission_plan_versions",
        "qualifications",
        ["multiplier_qualification"],
        ["code"],
    )
    op.create_foreign_key(
        op.f("fk_commission_plan_versions_bonus_qualification"),
        "commission_plan_versions",
        "qualifications",
        ["bonus_qualification"],
        ["code"],
    )
    for _, _, function, trigger in RULES:
        op.execute(function)
        op.execute(trigger)


def downgrade() -> None:
    for table, name, _, _ in reversed(RULES):
        op.execute(f"drop trigger {name} on {table}")
        op.execute(f"drop function {name}()")
    op.drop_constraint(
        op.f("fk_commission_plan_versions_bonus_qualification"),
        "commission_plan_versions",
        type_="foreignkey",
    )
    op.drop_constraint(
        op.f("fk_commission_plan_versions_multiplier_qualification"),
        "commission_plan_versions",
        type_="foreignkey",
    )
    op.drop_column("commission_plan_versions", "multiplier_qualification")
    op.drop_column("commission_plan_versions", "bonus_qualification")
    op.drop_constraint(op.f("fk_campaigns_required_qualification"), "campaigns", type_="foreignkey")
    op.drop_column("campaigns", "required_qualification")
    op.drop_table("certificate_terms")
    op.drop_index(
        "uq_certificates_one_live",
        table_name="certificates",
        postgresql_where=sa.text("revoked_at is null"),
    )
    op.drop_index("ix_certificates_leader_id", table_name="certificates")
    op.drop_index("ix_certificates_expires_on", table_name="certificates")
    op.drop_index("ix_certificates_certification_id_expires_on", table_name="certificates")
    op.drop_table("certificates")
    op.drop_index(op.f("ix_certifications_program_id"), table_name="certifications")
    op.drop_table("certifications")
    op.drop_index("ix_leader_qualifications_leader_id_code", table_name="leader_qualifications")
    op.drop_index("ix_leader_qualifications_code", table_name="leader_qualifications")
    op.drop_table("leader_qualifications")
    op.drop_table("leader_level_rules")
    op.drop_table("hosting_requirements")
    op.drop_table("qualifications")
