"""Adjustments: proposed by one person with reasons and papers, decided by another."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy.orm.attributes import flag_modified

from groupbuy.commissions.rules.moves import moved
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import new_id
from groupbuy.kernel.problems import InvalidInput, NotInThisState, StaleVersion
from groupbuy.kernel.texts import Text
from groupbuy.leaders import queries as leaders
from groupbuy.settlement import queries
from groupbuy.settlement.errors import (
    AdjusterIsProposer,
    AlreadyReversed,
    AttachmentMissing,
    AttachmentsFull,
    WriteOffTooEarly,
    WriteOffTooMuch,
)
from groupbuy.settlement.models import Adjustment, AdjustmentAttachment
from groupbuy.settlement.rules.adjustments import (
    ADJUSTMENT_MOVES,
    AdjustmentReason,
    AdjustmentState,
    debt,
)
from groupbuy.settlement.rules.attachments import ATTACHMENTS, is_what_it_says

WRITTEN = ("adjustment.propose", "adjustment.reverse", "adjustment.edit", "adjustment.attach")
"""What makes somebody an author of an adjustment, as the audit log names it."""

NO_LEADER = Text("没有这位团长。", "There is no such leader.")
NOT_ITS_TYPE = Text("文件内容与类型不符。", "The content is not of this media type.")
WRITE_OFF_ADDS = Text("核销金额须为正数。", "A write-off is a positive amount.")
AS_REVERSED = Text(
    "冲销的金额与原因由被冲销的调账决定；如需更改请撤回后另行提出。",
    "A reversal has the amount and reason of what it reverses: only its text can be changed.",
)


class File(TypedDict):
    """A file that goes with an adjustment."""

    name: str
    media_type: str
    content: bytes


def propose_adjustment(
    *,
    leader_id: str,
    amount_fen: int,
    reason_code: str,
    reason: str,
    attachments: Sequence[File] = (),
    actor: Actor,
    now: datetime,
) -> Adjustment:
    """Propose to add an amount to what a leader gets, or with a negative one to take it off.

    Raises:
        InvalidInput: there is no such leader, or a file is not what it says it is.
        AttachmentMissing: it is for fraud and nothing shows it.
        WriteOffTooMuch, WriteOffTooEarly: see the rules of a write-off.
    """
    if leader_id not in leaders.leaders_by_id([leader_id]):
        raise InvalidInput.at("/leader_id", NO_LEADER)
    _check_files(attachments)
    _check(leader_id, amount_fen, reason_code, files=len(attachments))
    proposed = _proposed(
        leader_id=leader_id,
        amount_fen=amount_fen,
        reason_code=reason_code,
        reason=reason,
        actor=actor,
        now=now,
    )
    session().add_all([_stored(proposed.id, file, actor, now) for file in attachments])
    session().flush()
    _record(proposed, "propose", actor, now, attachments=_digests(attachments))
    return proposed


def edit_adjustment(
    *, adjustment_id: str, if_match: int, actor: Actor, now: datetime, **changes: Any
) -> Adjustment:
    """Change a proposal: its amount, its reason code, its reason.

    Raises:
        StaleVersion: it changed since it was read.
        NotInThisState: it is decided or withdrawn.
        InvalidInput: it is a reversal, which only has a reason of its own.
        AttachmentMissing, WriteOffTooMuch, WriteOffTooEarly: as when it is proposed.
    """
    proposed = _changeable(adjustment_id, if_match, "edit")
    if proposed.reverses_id is not None and changes.keys() - {"reason"}:
        raise InvalidInput.at("/", AS_REVERSED)
    if proposed.reverses_id is None:
        _check(
            proposed.leader_id,
            changes.get("amount_fen", proposed.amount_fen),
            changes.get("reason_code", proposed.reason_code),
            files=queries.attachment_count(proposed.id),
        )
    for column, value in changes.items():
        setattr(proposed, column, value)
    _touch(proposed, actor)
    _record(proposed, "edit", actor, now)
    return proposed


def attach(
    *,
    adjustment_id: str,
    name: str,
    media_type: str,
    content: bytes,
    actor: Actor,
    now: datetime,
) -> Adjustment:
    """Add a file to a proposal.

    Raises:
        NotInThisState: it is decided or withdrawn.
        AttachmentsFull: it has as many as it can have.
        InvalidInput: the file is not what it says it is.
    """
    proposed = queries.adjustment(adjustment_id, locked=True)
    if proposed.state != AdjustmentState.PROPOSED:
        raise NotInThisState(state=proposed.state, action="attach")
    if queries.attachment_count(adjustment_id) >= ATTACHMENTS:
        raise AttachmentsFull(most=ATTACHMENTS)
    if not is_what_it_says(media_type, content):
        raise InvalidInput.at("/content", NOT_ITS_TYPE)
    file = File(name=name, media_type=media_type, content=content)
    session().add(_stored(proposed.id, file, actor, now))
    _touch(proposed, actor)
    _record(proposed, "attach", actor, now, attachments=_digests([file]))
    return proposed


def withdraw_adjustment(
    *, adjustment_id: str, if_match: int, actor: Actor, now: datetime
) -> Adjustment:
    """Take a proposal back; it stays as a row that says so.

    Raises:
        StaleVersion: it changed since it was read.
        NotInThisState: it is decided or withdrawn.
    """
    proposed = _changeable(adjustment_id, if_match, "withdraw")
    return _moved(proposed, "withdraw", actor, now, withdrawn_by=actor.label, withdrawn_at=now)


def approve_adjustment(
    *, adjustment_id: str, if_match: int, actor: Actor, now: datetime
) -> Adjustment:
    """Approve a proposal as it was read; the month in whose window this falls books it.

    Raises:
        NotInThisState: it is decided or withdrawn.
        AdjusterIsProposer: the actor proposed or changed it.
        StaleVersion: it changed since it was read.
        WriteOffTooMuch, WriteOffTooEarly: there is not so much to write off by now.
    """
    proposed = _decidable(adjustment_id, "approve", actor)
    if proposed.version != if_match:
        raise StaleVersion
    if proposed.reverses_id is None:
        _check_write_off(proposed.leader_id, proposed.amount_fen, proposed.reason_code)
    return _moved(proposed, "approve", actor, now, decided_by=actor.label, decided_at=now)


def reject_adjustment(
    *, adjustment_id: str, reason: str, actor: Actor, now: datetime
) -> Adjustment:
    """Reject a proposal and say why.

    Raises:
        NotInThisState: it is decided or withdrawn.
        AdjusterIsProposer: the actor proposed or changed it.
    """
    proposed = _decidable(adjustment_id, "reject", actor)
    signed = {"decided_by": actor.label, "decided_at": now}
    return _moved(proposed, "reject", actor, now, note=reason, **signed)


def reverse_adjustment(
    *, adjustment_id: str, reason: str, actor: Actor, now: datetime
) -> Adjustment:
    """Propose to undo an approved adjustment: the opposite amount, for the same kind of reason.

    Raises:
        NotInThisState: it is not approved.
        AlreadyReversed: another one undoes it, or is proposed to.
    """
    original = queries.adjustment(adjustment_id, locked=True)
    if original.state != AdjustmentState.APPROVED:
        raise NotInThisState(state=original.state, action="reverse")
    undoing = queries.reversal_of(adjustment_id)
    if undoing is not None:
        raise AlreadyReversed(reversal_id=undoing)
    proposed = _proposed(
        leader_id=original.leader_id,
        amount_fen=-original.amount_fen,
        reason_code=original.reason_code,
        reason=reason,
        reverses_id=original.id,
        actor=actor,
        now=now,
    )
    session().flush()
    _record(proposed, "reverse", actor, now, reverses_id=original.id)
    return proposed


def _proposed(*, actor: Actor, now: datetime, **content: Any) -> Adjustment:
    proposed = Adjustment(
        id=new_id("adj"),
        **content,
        proposed_by=actor.label,
        proposed_at=now,
        edited_by=actor.label,
    )
    session().add(proposed)
    session().flush()
    return proposed


def _check(leader_id: str, amount_fen: int, reason_code: str, *, files: int) -> None:
    if reason_code == AdjustmentReason.FRAUD and not files:
        raise AttachmentMissing(reason_code=reason_code)
    _check_write_off(leader_id, amount_fen, reason_code)


def _check_write_off(leader_id: str, amount_fen: int, reason_code: str) -> None:
    """Refuse to write off more than is owed, or what is not owed for long."""
    if reason_code != AdjustmentReason.WRITE_OFF:
        return
    if amount_fen < 0:
        raise InvalidInput.at("/amount_fen", WRITE_OFF_ADDS)
    owed = debt(queries.carried(leader_id))
    if owed is None:
        raise WriteOffTooMuch(owed_fen=0, approved_fen=0)
    approved_fen = queries.written_off_fen(leader_id, after=owed.month)
    if amount_fen > owed.owed_fen - approved_fen:
        raise WriteOffTooMuch(owed_fen=owed.owed_fen, approved_fen=approved_fen)
    if not owed.old_enough:
        raise WriteOffTooEarly(since=owed.since, possible_from=owed.possible_from)


def _check_files(files: Sequence[File]) -> None:
    for position, file in enumerate(files):
        if not is_what_it_says(file["media_type"], file["content"]):
            raise InvalidInput.at(f"/attachments/{position}/content", NOT_ITS_TYPE)


def _stored(adjustment_id: str, file: File, actor: Actor, now: datetime) -> AdjustmentAttachment:
    return AdjustmentAttachment(
        adjustment_id=adjustment_id,
        **file,
        size_bytes=len(file["content"]),
        sha256=_digest(file),
        added_by=actor.label,
        added_at=now,
    )


def _digest(file: File) -> str:
    return hashlib.sha256(file["content"]).hexdigest()


def _digests(files: Sequence[File]) -> list[str]:
    return [_digest(file) for file in files]


def _changeable(adjustment_id: str, if_match: int, action: str) -> Adjustment:
    proposed = queries.adjustment(adjustment_id, locked=True)
    if proposed.version != if_match:
        raise StaleVersion
    if proposed.state != AdjustmentState.PROPOSED:
        raise NotInThisState(state=proposed.state, action=action)
    return proposed


def _decidable(adjustment_id: str, action: str, actor: Actor) -> Adjustment:
    proposed = queries.adjustment(adjustment_id, locked=True)
    moved(ADJUSTMENT_MOVES, AdjustmentState(proposed.state), action)
    if audit.has_acted(actor, subject=proposed.id, actions=WRITTEN):
        raise AdjusterIsProposer
    return proposed


def _touch(proposed: Adjustment, actor: Actor) -> None:
    """Let a change count as one, also where the row's own columns stay: who read it must again."""
    proposed.edited_by = actor.label
    flag_modified(proposed, "edited_by")
    session().flush()


def _moved(
    proposed: Adjustment, action: str, actor: Actor, now: datetime, **changes: Any
) -> Adjustment:
    proposed.state = moved(ADJUSTMENT_MOVES, AdjustmentState(proposed.state), action)
    for column, value in changes.items():
        setattr(proposed, column, value)
    session().flush()
    _record(proposed, action, actor, now, note=proposed.note)
    return proposed


def _record(adjustment: Adjustment, action: str, actor: Actor, now: datetime, **facts: Any) -> None:
    audit.record(
        actor=actor,
        action=f"adjustment.{action}",
        subject=adjustment.id,
        now=now,
        leader_id=adjustment.leader_id,
        amount_fen=adjustment.amount_fen,
        reason_code=adjustment.reason_code,
        version=adjustment.version,
        **facts,
    )
