"""Takes up what was left in the middle: killed between PayPal's answer and our note, without an answer, waiting for one.

Who works on something claims it first: its next moment is moved on, in a transaction of its own, so that two at once do not
take the same. What PayPal is asked again carries the same key, what it says is booked once: even two would do no harm.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from server.domain.errors import ServerError
from server.domain.paypal import next_look
from server.gateways.paypal.client import PayPal
from server.gateways.paypal.transport import PayPalAway
from server.models.base import database
from server.models.paypal import PaypalEvent, PaypalOrder, PaypalRefund
from server.models.work import JobRun
from server.services import work
from server.services.paypal_charges import after_refusal, plan
from server.services.paypal_events import work_on_event
from server.services.paypal_orders import Now, work_on
from server.services.paypal_refunds import work_on_refund

MOST_AT_ONCE = 50  # so that mails are not kept waiting
AGAIN = timedelta(minutes=10)  # longer than one attempt can take
_log = logging.getLogger("gdpac.paypal")
AnyRow = PaypalOrder | PaypalRefund | PaypalEvent


def work_off(paypal: PayPal, *, at: Now) -> int:
    """Plan what falls due, then bring further whatever waits, until PayPal is away. Return how much that was."""
    _plan_once(at)
    done = 0
    kinds: tuple[tuple[type[AnyRow], Callable[..., None]], ...] = (
        (PaypalEvent, work_on_event), (PaypalOrder, _work_on_order), (PaypalRefund, work_on_refund),
    )  # fmt: skip
    for kind, act in kinds:
        while done < MOST_AT_ONCE and (row := _claim(kind, at)) is not None:
            done += 1
            try:
                act(paypal, row, at=at)
            except PayPalAway as error:
                _log.warning("%s %d: %s", kind.__name__, row.id, error)
                return done
            except ServerError as error:  # an account that is gone, a secret that cannot be opened: the others go on
                _log.warning("%s %d: %s", kind.__name__, row.id, error)
    return done


def _plan_once(at: Now) -> None:
    """Plan once an hour, in small transactions; the note that it is done comes last, for planning again does nothing twice."""
    job, period = "paypal charges", f"{at.moment:%Y-%m-%dT%H}"
    if not JobRun.select().where((JobRun.job == job) & (JobRun.period == period)).exists():
        plan(at=at)
        work.do_once(job, period, lambda: None, now=at.moment)


def _work_on_order(paypal: PayPal, order: PaypalOrder, *, at: Now) -> None:
    work_on(paypal, order, at=at)
    with database.atomic():
        after_refusal(PaypalOrder.get_by_id(order.id), now=at.moment)


def _claim(kind: type[Any], at: Now) -> Any:
    """Return a row that is due, whose next moment was moved on so that nobody else takes it; None where none is due."""
    for row in list(kind.select().where(kind.look_at <= at.moment).order_by(kind.look_at, kind.id).limit(20)):
        moved: dict[str, object] = {"looks": row.looks + 1, "look_at": max(next_look(row.looks, at.moment), at.moment + AGAIN)}
        if kind is PaypalOrder and row.token_id is not None and row.looks == 0:
            moved["created_at"] = at.moment  # from when PayPal may have heard of it
        with database.atomic():
            mine = (kind.id == row.id) & (kind.looks == row.looks) & (kind.look_at <= at.moment)
            claimed = kind.update(moved).where(mine).execute()
        if claimed:
            return kind.get_by_id(row.id)
    return None
