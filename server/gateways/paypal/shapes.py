"""What PayPal's answers mean. Reads only what is used; whatever is not as documented is no answer (PayPalAway)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from server.domain.paypal import CaptureState, RefundState
from server.domain.sentence import N_
from server.gateways.paypal.transport import PayPalAway

_AMOUNT = re.compile(r"\d{1,10}\.\d\d")
_CAPTURE_STATES = {
    "COMPLETED": CaptureState.COMPLETED,
    "PENDING": CaptureState.PENDING,
    "DECLINED": CaptureState.DENIED,
    "DENIED": CaptureState.DENIED,
    "FAILED": CaptureState.DENIED,
    "PARTIALLY_REFUNDED": CaptureState.PARTIALLY_REFUNDED,
    "REFUNDED": CaptureState.REFUNDED,
    "REVERSED": CaptureState.REVERSED,
}
_REFUND_STATES = {
    "COMPLETED": RefundState.COMPLETED,
    "PENDING": RefundState.PENDING,
    "FAILED": RefundState.FAILED,
    "CANCELLED": RefundState.FAILED,
}


@dataclass(frozen=True, slots=True)
class Vaulted:
    """A payment method that PayPal keeps for us."""

    token: str
    is_ready: bool
    """else it comes later, by a message"""


@dataclass(frozen=True, slots=True)
class SeenOrder:
    """An order as PayPal has it."""

    id: str
    status: str
    """CREATED, PAYER_ACTION_REQUIRED, APPROVED, COMPLETED, VOIDED ..."""
    approve_url: str
    captures: tuple[str, ...]
    """their ids"""
    refunds: tuple[str, ...]
    vaulted: Vaulted | None


@dataclass(frozen=True, slots=True)
class SeenCapture:
    """A payment as PayPal has it."""

    id: str
    state: CaptureState
    cents: int
    currency: str
    custom_id: str
    """our key of the order"""
    order_id: str
    fee_cents: int | None


@dataclass(frozen=True, slots=True)
class SeenRefund:
    """A repayment as PayPal has it."""

    id: str
    state: RefundState
    cents: int
    currency: str
    custom_id: str
    """our key of the refund; empty: somebody else made it"""
    capture_id: str


@dataclass(frozen=True, slots=True)
class SeenDispute:
    """A complaint as PayPal has it."""

    id: str
    is_open: bool
    is_lost: bool
    captures: tuple[str, ...]


def order_of(answer: Any) -> SeenOrder:
    """Return the order that an answer shows."""
    body = _mapping(answer)
    payments = [_mapping(unit.get("payments")) for unit in _mappings(body.get("purchase_units"))]
    links = {link.get("rel"): str(link.get("href", "")) for link in _mappings(body.get("links"))}
    return SeenOrder(
        id=_text(body, "id"),
        status=_text(body, "status"),
        approve_url=links.get("payer-action") or links.get("approve") or "",
        captures=tuple(_text(one, "id") for payment in payments for one in _mappings(payment.get("captures"))),
        refunds=tuple(_text(one, "id") for payment in payments for one in _mappings(payment.get("refunds"))),
        vaulted=_vaulted(body),
    )


def capture_of(answer: Any) -> SeenCapture:
    """Return the payment that an answer shows."""
    body = _mapping(answer)
    cents, currency = _amount(body.get("amount"))
    breakdown = _mapping(body.get("seller_receivable_breakdown"))
    fee = _amount(breakdown["paypal_fee"])[0] if breakdown.get("paypal_fee") else None
    related = _mapping(_mapping(body.get("supplementary_data")).get("related_ids"))
    return SeenCapture(
        id=_text(body, "id"),
        state=_state(_CAPTURE_STATES, body),
        cents=cents,
        currency=currency,
        custom_id=str(body.get("custom_id", "")),
        order_id=str(related.get("order_id", "")),
        fee_cents=fee,
    )


def refund_of(answer: Any) -> SeenRefund:
    """Return the repayment that an answer shows."""
    body = _mapping(answer)
    cents, currency = _amount(body.get("amount"))
    up = [str(link.get("href", "")) for link in _mappings(body.get("links")) if link.get("rel") == "up"]
    return SeenRefund(
        id=_text(body, "id"),
        state=_state(_REFUND_STATES, body),
        cents=cents,
        currency=currency,
        custom_id=str(body.get("custom_id", "")),
        capture_id=up[0].rstrip("/").rpartition("/")[2] if up else "",
    )


def dispute_of(answer: Any) -> SeenDispute:
    """Return the complaint that an answer shows."""
    body = _mapping(answer)
    outcome = str(_mapping(body.get("dispute_outcome")).get("outcome_code", ""))
    return SeenDispute(
        id=_text(body, "dispute_id"),
        is_open=body.get("status") != "RESOLVED",
        is_lost=outcome in {"RESOLVED_BUYER_FAVOUR", "RESOLVED_WITH_PAYOUT"},
        captures=tuple(_text(one, "seller_transaction_id") for one in _mappings(body.get("disputed_transactions"))),
    )


def amount_of(cents: int) -> str:
    """Return cents as PayPal wants them: ``17.38``."""
    return f"{Decimal(cents).scaleb(-2):.2f}"


def _vaulted(body: Mapping[str, Any]) -> Vaulted | None:
    wallet = _mapping(_mapping(body.get("payment_source")).get("paypal"))
    vault = _mapping(_mapping(wallet.get("attributes")).get("vault"))
    if not vault.get("id"):
        return None
    return Vaulted(str(vault["id"]), vault.get("status", "VAULTED") == "VAULTED")


def _amount(value: Any) -> tuple[int, str]:
    body = _mapping(value)
    text = str(body.get("value", ""))
    if not _AMOUNT.fullmatch(text):
        raise _unreadable("amount")
    return int(text.replace(".", "")), str(body.get("currency_code", ""))


def _state(states: Mapping[str, Any], body: Mapping[str, Any]) -> Any:
    state = states.get(str(body.get("status")))
    if state is None:
        raise _unreadable("status")
    return state


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise _unreadable(name)
    return value


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _mappings(value: Any) -> Iterable[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _unreadable(name: str) -> PayPalAway:
    return PayPalAway(
        N_("PayPal's answer cannot be read: {name} is missing or unknown."), N_("Try again in a few minutes."), name=name
    )
