"""Doing what the timeline says, through the services that the API calls, as the people involved.

Nothing here writes a table: what a person would do over HTTP is done by the same verbs.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from groupbuy.campaigns import services as campaigns
from groupbuy.catalogue import services as catalogue
from groupbuy.catalogue.rules import ProductState
from groupbuy.commissions import services as commissions
from groupbuy.fulfilment import services as fulfilment
from groupbuy.identity import services as identity
from groupbuy.identity.rules import Role
from groupbuy.inventory import services as inventory
from groupbuy.kernel import jobs
from groupbuy.kernel.access import SYSTEM, Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.settings import Settings
from groupbuy.leaders import services as leaders
from groupbuy.leaders.rules import CommunityPurpose
from groupbuy.orders import jobs as order_jobs
from groupbuy.orders import queries as order_queries
from groupbuy.orders.models import Order, OrderLine, OrderRefund, RefundState
from groupbuy.orders.rules import OrderState
from groupbuy.orders.services import paying, placing, refunding
from groupbuy.orders.services.refunding import Return
from groupbuy.payments import services as payments
from groupbuy.pricing.rules import Wanted
from groupbuy.settlement import queries as settlement_queries
from groupbuy.settlement import services as settlement
from scripts.replay_data import Journey, Product
from scripts.replay_progress import Progress
from scripts.replay_timeline import Action, Event, day

PLENTY = 1_000_000
STAFF = (Role.OPERATOR, Role.FINANCE, Role.APPROVER)
