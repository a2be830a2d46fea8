"""Identity over HTTP."""

from typing import Any

from flask import request

from groupbuy.identity import errors, queries, services
from groupbuy.identity.models import Erasure, Shopper, Staff
from groupbuy.identity.providers import wechat_login
from groupbuy.identity.schemas import (
    AuditEntrySchema,
    AuditHeadSchema,
    AuditQuery,
    ErasureBody,
    ErasureSchema,
    MembershipBody,
    MembershipSchema,
    PersonalExportSchema,
    RoleListSchema,
    ShopperEditBody,
    ShopperLoginSchema,
    ShopperSchema,
    StaffCreateBody,
    StaffEditBody,
    StaffLoginBody,
    StaffLoginSchema,
    StaffQuery,
    StaffSchema,
    WeChatLoginBody,
)
from groupbuy.kernel import clock, personal
from groupbuy.kernel.access import Actor
from groupbuy.kernel.audit import AuditEntry
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, caller_key, page_of
from groupbuy.kernel.settings import settings

api = Api("identity", __name__, url_prefix="/api/v1", description="Logins, profiles, staff")


def _login_account() -> str:
    return str((request.get_json(silent=True) or {}).get("email", "")).lower()


@api.post(
    "/auth/wechat-sessions",
    allow="public.login",
    body=WeChatLoginBody,
    returns=ShopperLoginSchema,
    status=201,
    limits=["60/minute"],
    problems=[
        errors.LoginCodeRejected,
        errors.LoginTooOften,
        errors.LoginRefusedHighRisk,
        errors.LoginUnavailable,
    ],
    example={"code": "demo:bo"},
)
def log_in_by_wechat(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """Log in with a WeChat code; in demo mode a code `demo:<name>` works."""
    identity = wechat_login.prove(body["code"], settings())
    with transaction():
        return services.begin_shopper_session(
            openid=identity.openid,
            unionid=identity.unionid,
            name=wechat_login.demo_name(body["code"]),
            days=settings().shopper_session_days,
            now=clock.now(),
        )


@api.post(
    "/auth/staff-sessions",
    allow="public.login",
    body=StaffLoginBody,
    returns=StaffLoginSchema,
    status=201,
    limits=["10/minute"],
    limit_by=_login_account,
    problems=[errors.WrongCredentials],
    example={"email": "hua@groupbuy.example", "password": "hua-demo-password"},
)
def log_in_staff(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """Log a member of staff in."""
    with transaction():
        return services.begin_staff_session(
            **body, hours=settings().staff_session_hours, now=clock.now()
        )


@api.delete("/auth/session", allow="session.end")
def log_out(actor: Actor) -> None:
    """Log out: the token of this request is worth nothing afterwards."""
    with transaction():
        services.end_session(session_id=actor.session_id, now=clock.now())


@api.get("/me", allow="profile.own", returns=ShopperSchema)
def show_own_profile(actor: Actor) -> Shopper:
    """Show one's own profile."""
    return queries.shopper(actor.id)


@api.patch("/me", allow="profile.own", body=ShopperEditBody, returns=ShopperSchema)
def edit_own_profile(actor: Actor, body: dict[str, Any]) -> Shopper:
    """Change one's own profile."""
    with transaction():
        return services.edit_shopper(shopper_id=actor.id, **body)


@api.get(
    "/me/export",
    allow="profile.own",
    returns=PersonalExportSchema,
    limits=["6/minute"],
    limit_by=caller_key,
)
def export_own_data(actor: Actor) -> dict[str, Any]:
    """Show everything that is kept about oneself."""
    return {"sections": personal.export(shopper_id=actor.id)}


@api.post(
    "/me/erasure",
    allow="profile.own",
    body=ErasureBody,
    returns=ErasureSchema,
    problems=[errors.CannotEraseYet],
)
def erase_own_data(actor: Actor, body: dict[str, Any]) -> Erasure:
    """Erase everything that is kept about oneself, but what law has us keep; for ever."""
    with transaction():
        return services.erase(shopper_id=actor.id, actor=actor, now=clock.now())


@api.get("/hq/staff", allow="staff.manage", query=StaffQuery, returns=page_of(StaffSchema))
def list_staff(actor: Actor, query: dict[str, Any]) -> Page[Staff]:
    """List staff."""
    return queries.staff_list(**query)


@api.post(
    "/hq/staff",
    allow="staff.manage",
    body=StaffCreateBody,
    returns=StaffSchema,
    status=201,
    versioned=True,
    problems=[errors.StaffEmailTaken],
)
def create_staff(actor: Actor, body: dict[str, Any]) -> Staff:
    """Add a member of staff."""
    with transaction():
        return services.create_staff(**body, actor=actor, now=clock.now())


@api.get("/hq/staff/<id(stf):staff_id>", allow="staff.manage", returns=StaffSchema, versioned=True)
def show_staff(actor: Actor, staff_id: str) -> Staff:
    """Show a member of staff."""
    return queries.staff_member(staff_id)


@api.patch(
    "/hq/staff/<id(stf):staff_id>",
    allow="staff.manage",
    body=StaffEditBody,
    returns=StaffSchema,
    versioned=True,
    problems=[errors.OwnAccountProtected],
)
def edit_staff(actor: Actor, staff_id: str, if_match: int, body: dict[str, Any]) -> Staff:
    """Change a member of staff; `active: false` closes the account."""
    with transaction():
        return services.edit_staff(
            staff_id=staff_id, if_match=if_match, actor=actor, now=clock.now(), **body
        )


@api.get(
    "/hq/shoppers/<id(shp):shopper_id>/membership",
    allow="members.read",
    returns=MembershipSchema,
)
def show_membership(actor: Actor, shopper_id: str) -> Shopper:
    """Show until when a shopper is a member."""
    return queries.shopper(shopper_id)


@api.put(
    "/hq/shoppers/<id(shp):shopper_id>/membership",
    allow="members.edit",
    body=MembershipBody,
    returns=MembershipSchema,
)
def set_membership(actor: Actor, shopper_id: str, body: dict[str, Any]) -> Shopper:
    """Let a shopper be a member until an instant; null ends it."""
    with transaction():
        return services.set_membership(shopper_id=shopper_id, **body, actor=actor, now=clock.now())


@api.get("/hq/audit-log", allow="audit.read", query=AuditQuery, returns=page_of(AuditEntrySchema))
def list_audit_log(actor: Actor, query: dict[str, Any]) -> Page[AuditEntry]:
    """List who decided what, newest first."""
    return queries.audit_log(**query)


@api.get("/hq/audit-log/head", allow="audit.read", returns=AuditHeadSchema)
def show_audit_head(actor: Actor) -> dict[str, object]:
    """Show the end of the audit log's chain, to be noted outside and held against it later."""
    return queries.audit_head()


@api.get("/hq/roles", allow="staff.manage", returns=RoleListSchema)
def list_roles(actor: Actor) -> dict[str, Any]:
    """Show the table of roles and permissions."""
    return {"items": queries.role_table()}
