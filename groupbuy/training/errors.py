"""Problems of the school."""

from http import HTTPStatus

from groupbuy.kernel.problems import Problem
from groupbuy.kernel.texts import Text


class NotTaught(Problem):
    """The program, course or lesson is not published, or no longer taught."""

    status = HTTPStatus.CONFLICT
    code = "not-taught"
    title = Text("该内容未开放", "This is not taught")
    detail = Text(
        "该内容尚未发布或已停用，请联系总部。",
        "It is not published yet, or no longer; ask headquarters.",
    )


class NotEnrolled(Problem):
    """The leader does not learn the program that this belongs to."""

    status = HTTPStatus.CONFLICT
    code = "not-enrolled"
    title = Text("您还没有参加该学习计划", "Not enrolled")
    detail = Text("请先报名参加该学习计划。", "Enrol in the program first.")


# Content and progress


class LessonLocked(Problem):
    """The lesson is not open yet; `missing` lists the courses and lessons to be done before."""

    status = HTTPStatus.CONFLICT
    code = "lesson-locked"
    title = Text("该课尚未解锁", "The lesson is locked")
    detail = Text("请先完成：{names}。", "Finish first: {names}.")


# Cohorts and attendance


class CohortFull(Problem):
    """The cohort has no place left."""

    status = HTTPStatus.CONFLICT
    code = "cohort-full"
    title = Text("班次已满", "The cohort is full")
    detail = Text(
        "名额为 {capacity} 人，请选择其他班次或联系总部。",
        "It has {capacity} places; choose another cohort, or ask headquarters.",
    )


class SessionCancelled(Problem):
    """The live session does not take place."""

    status = HTTPStatus.CONFLICT
    code = "session-cancelled"
    title = Text("该直播课已取消", "The session was cancelled")
    detail = Text("取消原因：{reason}", "Why: {reason}")


class SessionBegun(Problem):
    """What can be changed only before the session begins."""

    status = HTTPStatus.CONFLICT
    code = "session-begun"
    title = Text("直播课已经开始", "The session has begun")
    detail = Text(
        "时间与内容须在开始前修改，取消须在结束前进行；出勤情况请用更正处理。",
        "Change its time and lesson before it begins, cancel it before it ends; "
        "what is wrong with the attendance can be corrected.",
    )


class SessionAttended(Problem):
    """Somebody has checked in: the session is not moved any more."""

    status = HTTPStatus.CONFLICT
    code = "session-attended"
    title = Text("已有人签到", "Somebody has checked in")
    detail = Text("请取消该直播课，再另行添加。", "Cancel the session and add another one.")


class SessionNotBegun(Problem):
    """Presence is corrected only once the session has begun."""

    status = HTTPStatus.CONFLICT
    code = "session-not-begun"
    title = Text("直播课尚未开始", "The session has not begun")
    detail = Text(
        "开始后才能更正出勤；请假可以提前登记。",
        "Correct the attendance once it has begun; an excuse can be entered before.",
    )


class CheckInClosed(Problem):
    """Check-in is possible only from shortly before the session to its end."""

    status = HTTPStatus.CONFLICT
    code = "check-in-closed"
    title = Text("现在不能签到", "Check-in is not open")
    detail = Text(
        "签到时间为 {opens_at} 至 {closes_at}。", "It is open from {opens_at} to {closes_at}."
    )


class CheckInCodeWrong(Problem):
    """The code is not the one that the trainer shows."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "check-in-code-wrong"
    title = Text("签到码不正确", "The code is not right")
    detail = Text(
        "签到码每分钟更换，请输入讲师当前展示的签到码。",
        "It changes every minute: type the one that the trainer shows now.",
    )


class NotCheckedIn(Problem):
    """Nobody checks out who has not checked in."""

    status = HTTPStatus.CONFLICT
    code = "not-checked-in"
    title = Text("您还没有签到", "You have not checked in")
    detail = Text("请先签到。", "Check in first.")


class ReplayClosed(Problem):
    """A session is made up from its end, for so many hours, if it has a replay."""

    status = HTTPStatus.CONFLICT
    code = "replay-closed"
    title = Text("现在不能补课", "It cannot be made up now")
    detail = Text(
        "回放上传后、直播课结束 48 小时内可以补课；如有困难请联系讲师。",
        "It can be made up within 48 hours of its end, once its replay is there; "
        "talk to the trainer if you could not.",
    )


class ContentCodeTaken(Problem):
    """Another program, course of the program or lesson of the module has this code."""

    status = HTTPStatus.CONFLICT
    code = "content-code-taken"
    title = Text("编码已被使用", "The code is taken")
    detail = Text("请换一个编码。", "Choose another code.")


class ContentInUse(Problem):
    """It cannot be removed: something hangs on it, or it was published once."""

    status = HTTPStatus.CONFLICT
    code = "content-in-use"
    title = Text("仍在使用，不能删除", "It is in use and cannot be removed")
    detail = Text(
        "它还有下级内容、前置条件，或曾经发布过；曾发布的请停用。",
        "It has content or prerequisites hanging on it, or was published once: then retire it.",
    )


class PrerequisiteCircle(Problem):
    """Courses or lessons would wait for each other; `circle` names them in order."""

    status = HTTPStatus.CONFLICT
    code = "prerequisite-circle"
    title = Text("前置条件构成循环", "The prerequisites form a circle")
    detail = Text("互相等待：{names}。", "Each waits for the next: {names}.")


class PrerequisiteKnown(Problem):
    """The prerequisite is there already."""

    status = HTTPStatus.CONFLICT
    code = "prerequisite-known"
    title = Text("该前置条件已存在", "The prerequisite is there already")


class LessonDraftOpen(Problem):
    """The lesson has a draft already; `number` names it."""

    status = HTTPStatus.CONFLICT
    code = "lesson-draft-open"
    title = Text("该课已有草稿", "The lesson has a draft already")
    detail = Text(
        "请先发布或删除第 {number} 版草稿。",
        "Publish or delete the draft, version {number}, first.",
    )


class AlreadyWaived(Problem):
    """The leader is spared this lesson already."""

    status = HTTPStatus.CONFLICT
    code = "already-waived"
    title = Text("该团长已免修此课", "The lesson is waived already")


# Assessments


class BankCodeTaken(Problem):
    """Another question bank has the code."""

    status = HTTPStatus.CONFLICT
    code = "bank-code-taken"
    title = Text("题库编码已被使用", "Another question bank has this code")


class QuestionCodeTaken(Problem):
    """Another question of the bank has the code."""

    status = HTTPStatus.CONFLICT
    code = "question-code-taken"
    title = Text("题目编码已被使用", "Another question of the bank has this code")


class LessonTakesNoAssessment(Problem):
    """The lesson is not an assessment, or it has one already."""

    status = HTTPStatus.CONFLICT
    code = "lesson-takes-no-assessment"
    title = Text("该课时不能关联测验", "The lesson takes no assessment")
    detail = Text(
        "课时类型须为测验，且尚未关联其他测验。",
        "It must be a lesson of kind assessment that has none yet.",
    )


class AssessmentDraftExists(Problem):
    """The assessment has a draft already: edit or discard that."""

    status = HTTPStatus.CONFLICT
    code = "assessment-draft-exists"
    title = Text("已有草稿版本", "There is a draft already")
    detail = Text("请修改或丢弃现有草稿。", "Edit the draft that there is, or discard it.")


class AssessmentNotPublishable(Problem):
    """The draft cannot be asked of anybody as it is; `errors` lists each fault with a pointer."""

    status = HTTPStatus.CONFLICT
    code = "assessment-not-publishable"
    title = Text("测验还不能发布", "The assessment cannot be published yet")


class NoAttemptsLeft(Problem):
    """The leader has begun every attempt that the assessment allows."""

    status = HTTPStatus.CONFLICT
    code = "no-attempts-left"
    title = Text("测验次数已用完", "No attempts are left")
    detail = Text(
        "允许的次数已用完；如需再考，请联系您的培训老师。",
        "Every attempt is used; ask your trainer for another.",
    )


class AttemptTooSoon(Problem):
    """The pause after the last attempt is not over; `again_at` says when it is."""

    status = HTTPStatus.CONFLICT
    code = "attempt-too-soon"
    title = Text("还需等待才能再次测验", "Too soon for another attempt")
    detail = Text("请在 {again_at} 之后再试。", "Try again from {again_at} on.")


class AttemptOver(Problem):
    """The attempt was submitted, its time is over, or headquarters voided it."""

    status = HTTPStatus.CONFLICT
    code = "attempt-over"
    title = Text("本次测验已结束", "The attempt is over")
    detail = Text(
        "已交卷、已超时或已作废，不能再作答。",
        "It was submitted, its time is over, or it was voided: nothing can be answered any more.",
    )


# Certificates


class CertificateHeld(Problem):
    """The leader holds a certificate of this kind already: `certificate_id`; renew that one."""

    status = HTTPStatus.CONFLICT
    code = "certificate-held"
    title = Text("该团长已持有此证书", "The leader holds this certificate already")
    detail = Text(
        "证书 {certificate_id} 未被撤销；如已到期，请续期。",
        "Certificate {certificate_id} is not revoked; renew it if it has expired.",
    )


class NothingToRenew(Problem):
    """The certificate cannot be renewed yet, or never has to be.

    It can from the day `renewable_from` on, which is empty if the certificate holds for good.
    """

    status = HTTPStatus.CONFLICT
    code = "nothing-to-renew"
    title = Text("尚不能续期", "There is nothing to renew yet")
    detail = Text(
        "可续期日期：{renewable_from}；长期有效的证书无需续期。",
        "It can be renewed from {renewable_from} on; one that holds for good never has to be.",
    )


class CertificationCodeTaken(Problem):
    """Another certification has this code."""

    status = HTTPStatus.CONFLICT
    code = "certification-code-taken"
    title = Text("认证代码已被使用", "The code is taken")
    detail = Text("请换一个代码。", "Choose another code.")


# Coaching.


class CoachFull(Problem):
    """The coach has as many open plans as their limit allows, or would have more."""

    status = HTTPStatus.CONFLICT
    code = "coach-full"
    title = Text("该教练的名额已满", "The coach has no room")
    detail = Text(
        "该教练已有 {load} 份进行中的计划，上限为 {load_limit}。请另选教练或提高上限。",
        "The coach has {load} open plans and may have {load_limit}. "
        "Choose somebody else, or raise the limit.",
    )


class CoachAway(Problem):
    """Somebody who is not a coach, not one at the moment, or no longer on the staff."""

    status = HTTPStatus.CONFLICT
    code = "coach-away"
    title = Text("此人目前不担任教练", "This is not an active coach")
    detail = Text(
        "请选择在职的教练（培训师或运营）。", "Choose an active coach: a trainer or an operator."
    )


class CoachKnown(Problem):
    """This member of staff is a coach already."""

    status = HTTPStatus.CONFLICT
    code = "coach-known"
    title = Text("此人已是教练", "This is a coach already")


class PlanOpen(Problem):
    """The leader has an open coaching plan already."""

    status = HTTPStatus.CONFLICT
    code = "coaching-plan-open"
    title = Text("该团长已有进行中的辅导计划", "The leader has an open plan already")
    detail = Text(
        "请先完成或取消进行中的计划。", "Complete or cancel the open one before the next."
    )


class NoSegment(Problem):
    """The leader has no coaching segment in the month, or the month has none yet."""

    status = HTTPStatus.CONFLICT
    code = "no-segment"
    title = Text("该团长在该月没有分层", "The leader has no segment in this month")
    detail = Text(
        "请选择已分层的月份，或先为已锁定的月份计算分层。",
        "Choose a month that has segments, or have them calculated for a locked month.",
    )


class TemplateInUse(Problem):
    """Another template of the segment is in use."""

    status = HTTPStatus.CONFLICT
    code = "coaching-template-in-use"
    title = Text("该分层已有启用的模板", "The segment has a template in use")
    detail = Text("请先停用原模板。", "Take the other one out of use first.")


class NoteCorrected(Problem):
    """The note was corrected before; the correction can be corrected."""

    status = HTTPStatus.CONFLICT
    code = "note-corrected"
    title = Text("该记录已被更正", "The note was corrected before")
    detail = Text("请更正最新的一条记录。", "Correct the newest note instead.")


# Incentives.


class PointsReversed(Problem):
    """The points were taken back before, or the entry itself takes points back."""

    status = HTTPStatus.CONFLICT
    code = "points-reversed"
    title = Text("该积分已被冲销", "These points were taken back before")


class BadgeCodeTaken(Problem):
    """Another badge has this code."""

    status = HTTPStatus.CONFLICT
    code = "badge-code-taken"
    title = Text("徽章编码已被使用", "Another badge has this code")


class RankingRuns(Problem):
    """The week or month is not over: its ranking cannot be closed."""

    status = HTTPStatus.CONFLICT
    code = "ranking-runs"
    title = Text("该排行榜尚未结束", "The ranking is not over")
    detail = Text("请在 {after} 或之后再结算。", "Close it on {after} or later.")


class RankingClosed(Problem):
    """The ranking was closed before, with its amounts."""

    status = HTTPStatus.CONFLICT
    code = "ranking-closed"
    title = Text("该排行榜已结算", "The ranking was closed before")
    detail = Text(
        "奖励已提交调账，不会重复发放。", "Its rewards were proposed then; nothing is paid twice."
    )
