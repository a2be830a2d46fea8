"""Tables of certifications, the certificates that leaders hold, and the periods these hold for."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.db import Base, DatabaseRule, append_only, declare_rule, one_of
from groupbuy.kernel.ids import primary_id, reference
from groupbuy.kernel.texts import Text
from groupbuy.training.rules.certificates import CertificateState, CertificationState, TermCause
from groupbuy.training.rules.certificates import state_on as state_of

ONE_LIVE = text("revoked_at is null")
"""The part of the certificates in which a leader has each certification at most once."""

WINDOW_FITS = (
    "validity_days >= 0 and renewal_window_days >= 0"
    " and (validity_days = 0 or renewal_window_days < validity_days)"
)


class Certification(Base):
    """What a leader who completes a program is certified in, and for how long.

    `validity_days` 0 is for good. A pass of the renewal lesson, an assessment, renews; without
    one only headquarters does. Its code is that of the qualification which its certificates give.
    Changes hold for certificates that are issued later.
    """

    __tablename__ = "certifications"
    __table_args__ = (
        one_of("state", CertificationState),
        CheckConstraint(WINDOW_FITS, name="window_fits"),
    )

    id: Mapped[str] = primary_id("ctn")
    code: Mapped[str] = mapped_column(unique=True)
    title_zh: Mapped[str]
    title_en: Mapped[str]
    program_id: Mapped[str] = reference("prg", "programs.id", index=True)
    validity_days: Mapped[int]
    renewal_window_days: Mapped[int]
    renewal_lesson_id: Mapped[str | None] = reference("lsn", "lessons.id")
    state: Mapped[str] = mapped_column(default=CertificationState.DRAFT)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def title(self) -> Text:
        """Return the title in both languages."""
        return Text(self.title_zh, self.title_en)


class Certificate(Base):
    """That a leader is certified, under the terms that the certification had when it was issued.

    `expires_on` is that of its last term. A revocation is final; afterwards another certificate
    may be issued.
    """

    __tablename__ = "certificates"
    __table_args__ = (
        CheckConstraint(WINDOW_FITS, name="window_fits"),
        CheckConstraint("(expires_on is null) = (validity_days = 0)", name="expires_or_not"),
        CheckConstraint(
            "(revoked_at is null) = (revoked_by is null)"
            " and (revoked_at is null) = (revocation_reason = '')",
            name="revoked_by_someone",
        ),
        Index(
            "uq_certificates_one_live",
            "leader_id",
            "certification_id",
            unique=True,
            postgresql_where=ONE_LIVE,
        ),
        Index("ix_certificates_leader_id", "leader_id"),
        Index("ix_certificates_certification_id_expires_on", "certification_id", "expires_on"),
        Index("ix_certificates_expires_on", "expires_on"),
    )

    id: Mapped[str] = primary_id("crt")
    number: Mapped[str] = mapped_column(unique=True)
    certification_id: Mapped[str] = reference("ctn", "certifications.id")
    leader_id: Mapped[str] = reference("ldr", "leaders.id")
    qualification: Mapped[str]
    title_zh: Mapped[str]
    title_en: Mapped[str]
    validity_days: Mapped[int]
    renewal_window_days: Mapped[int]
    renewal_lesson_id: Mapped[str | None] = reference("lsn", "lessons.id")
    issued_at: Mapped[datetime]
    issued_by: Mapped[str]
    issue_reason: Mapped[str] = mapped_column(default="")
    expires_on: Mapped[date | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None]
    revocation_reason: Mapped[str] = mapped_column(default="")

    @property
    def title(self) -> Text:
        """Return the title in both languages."""
        return Text(self.title_zh, self.title_en)

    def state_on(self, today: date) -> CertificateState:
        """Return the state on a day."""
        return state_of(
            today,
            expires_on=self.expires_on,
            window_days=self.renewal_window_days,
            revoked=self.revoked_at is not None,
        )


class CertificateTerm(Base):
    """A period for which a certificate holds: [starts_at, until_at), and why.

    `until_at` is the end of the day `expires_on`; both are empty if it is for good.
    """

    __tablename__ = "certificate_terms"
    __table_args__ = (
        one_of("cause", TermCause),
        CheckConstraint("until_at > starts_at", name="starts_before_it_ends"),
        CheckConstraint("(until_at is null) = (expires_on is null)", name="ends_or_not"),
        UniqueConstraint("certificate_id", "number"),
    )

    id: Mapped[str] = primary_id("ctm")
    certificate_id: Mapped[str] = reference("crt", "certificates.id")
    number: Mapped[int]
    starts_at: Mapped[datetime]
    until_at: Mapped[datetime | None]
    expires_on: Mapped[date | None]
    cause: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str]


append_only("certificate_terms")

declare_rule(
    DatabaseRule(
        "certificates",
        "certificates_stay",
        "before update or delete",
        """\
    if tg_op = 'DELETE' or old.revoked_at is not null or new.expires_on < old.expires_on
        or to_jsonb(new) - array['expires_on', 'revoked_at', 'revoked_by', 'revocation_reason']
            <> to_jsonb(old) - array['expires_on', 'revoked_at', 'revoked_by', 'revocation_reason']
    then
        raise exception 'a certificate is renewed or revoked; nothing else in it changes'
            using errcode = 'restrict_violation';
    end if;
    return new;""",
    )
)
