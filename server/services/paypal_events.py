"""Messages from PayPal: who wrote them, and where they say that something happened. What happened, PayPal is asked for itself.

A message counts for the seller to whose address it came, if PayPal says that it wrote it. It is kept once, before it is worked
on; one that could not be worked on is taken up again by ``paypal_work``. One that is not PayPal's is kept nowhere.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from server.domain.errors import RuleBroken
from server.domain.paypal import Verdict, next_look
from server.domain.sentence import N_
from server.gateways.paypal.client import PayPal, PayPalClient
from server.gateways.paypal.shapes import Vaulted
from server.gateways.paypal.transport import PayPalAway, PayPalRefused
from server.models.base import database
from server.models.money import Receivable
from server.models.paypal import PaypalCapture, PaypalEvent, PaypalOrder, PaypalShare, PaypalToken
from server.services import attempts, paypal_accounts
from server.services.paypal_booking import note_capture, note_refund, note_token
from server.services.paypal_orders import Now, look, take

MOST_FORGED = 50  # from one network address, in the window of attempts.py
LONGEST_ID = 200


class NotSigned(RuleBroken):
    """PayPal has not written this message."""

    http_status = 400


def receive(paypal: PayPal, hook: str, body: bytes, headers: Mapping[str, str], *, address: str, at: Now) -> Verdict:
    """Take a message, and do what it leads to. One that came before does nothing again.

    Args:
        paypal: PayPal.
        hook: the last part of the address to which it came.
        body: its very bytes.
        headers: of the request.
        address: from where in the network it came.
        at: when.

    Raises: NotFound for an address that is nobody's, NotSigned, TooManyAttempts, PayPalAway where PayPal cannot be asked who
        wrote it; it then sends it again.
    """
    account = paypal_accounts.account_of_hook(hook)
    with attempts.counted(f"paypal hook:{address}", MOST_FORGED, NotSigned, now=at.moment):
        event = _read(body)
        known = _known(account.party_id, event["id"], body)
        if known is None:
            client = paypal.client(account.client_id, account.sealed_secret)
            if not account.webhook_id or not client.is_signed(body, headers, account.webhook_id):
                raise NotSigned(N_("PayPal has not written this message."))
            known = _keep(account.party_id, event, body, at.moment)
    if known.processed_at is None:
        try:
            work_on_event(paypal, known, at=at)
        except PayPalAway:
            return Verdict.WAITING  # it is kept, and taken up again
    return PaypalEvent.get_by_id(known.id).verdict


def work_on_event(paypal: PayPal, event: PaypalEvent, *, at: Now) -> None:
    """Ask PayPal for what a message is about, and enter that. Raises PayPalError where that must be tried again."""
    client = paypal_accounts.client_of(paypal, event.creditor_id)
    try:
        is_ours = _ask(paypal, client, event, at)
    except PayPalRefused as error:
        if error.status != 404:
            raise
        is_ours = False
    with database.atomic():
        verdict = Verdict.DONE if is_ours else Verdict.NOT_OURS
        done = {"verdict": verdict, "processed_at": at.moment, "look_at": None}
        PaypalEvent.update(done).where(PaypalEvent.id == event.id).execute()


def _ask(paypal: PayPal, client: PayPalClient, event: PaypalEvent, at: Now) -> bool:
    """Do what a message leads to; return whether it is about something of this creditor."""
    if event.kind.startswith("CHECKOUT.ORDER."):
        order = _order(event.creditor_id, event.subject)
        if order is not None:
            take(paypal, order.id, at=at)
        return order is not None
    if event.kind in {"PAYMENT.CAPTURE.REFUNDED", "PAYMENT.CAPTURE.REVERSED"}:
        return _refunded(client, event, at)
    if event.kind.startswith("PAYMENT.CAPTURE."):
        return note_capture(event.creditor_id, client.captured(event.subject), day=at.day, now=at.moment)
    if event.kind.startswith("CUSTOMER.DISPUTE."):
        return _disputed(client, event, at)
    if event.kind.startswith("VAULT.PAYMENT-TOKEN."):
        return _vaulted(paypal, event, at)
    return False


def _refunded(client: PayPalClient, event: PaypalEvent, at: Now) -> bool:
    seen = client.refunded(event.subject)
    if not note_capture(event.creditor_id, client.captured(seen.capture_id), day=at.day, now=at.moment):
        return False
    is_reversal = event.kind.endswith("REVERSED")
    return note_refund(event.creditor_id, seen, day=at.day, now=at.moment, is_reversal=is_reversal)


def _disputed(client: PayPalClient, event: PaypalEvent, at: Now) -> bool:
    """Hold what a disputed payment paid as long as the complaint is open, and after it was lost."""
    seen = client.dispute(event.subject)
    is_ours = False
    for capture_id in seen.captures:
        if not note_capture(event.creditor_id, client.captured(capture_id), day=at.day, now=at.moment):
            continue
        is_ours = True
        with database.atomic():
            capture = PaypalCapture.get(PaypalCapture.capture_id == capture_id)
            PaypalCapture.update(dispute_id=seen.id if seen.is_open else "").where(PaypalCapture.id == capture.id).execute()
            shares = PaypalShare.select(PaypalShare.receivable).where(PaypalShare.order == capture.order_id)
            held = seen.is_open or seen.is_lost
            of_it = Receivable.id.in_(shares) if held else Receivable.id.in_(shares) & (Receivable.open_cents == 0)
            Receivable.update(is_held=held).where(of_it).execute()
    return is_ours


def _vaulted(paypal: PayPal, event: PaypalEvent, at: Now) -> bool:
    if event.kind.endswith("DELETED"):
        mine = (PaypalToken.vault_id == event.subject) & (PaypalToken.creditor == event.creditor_id)
        with database.atomic():
            return bool(PaypalToken.update(removed_at=at.moment).where(mine).execute())
    order = _order(event.creditor_id, event.related)
    if order is None:
        return False
    look(paypal, order, at=at)
    note_token(order, Vaulted(event.subject, is_ready=True), now=at.moment)
    return True


def _order(creditor_id: int, paypal_id: str) -> PaypalOrder | None:
    return PaypalOrder.get_or_none((PaypalOrder.paypal_id == paypal_id) & (PaypalOrder.creditor == creditor_id))


def _read(body: bytes) -> Mapping[str, str]:
    """Return what is used of a message: id, kind, subject, related. Raises NotSigned where it is none."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotSigned(N_("PayPal has not written this message.")) from error
    resource = event.get("resource") if isinstance(event, dict) else None
    if not isinstance(resource, dict):
        raise NotSigned(N_("PayPal has not written this message."))
    metadata = resource.get("metadata")
    found: dict[str, Any] = {
        "id": event.get("id"),
        "kind": event.get("event_type"),
        "subject": resource.get("id") or resource.get("dispute_id"),
        "related": (metadata.get("order_id") if isinstance(metadata, dict) else None) or "",
    }
    if not all(isinstance(text, str) and len(text) <= LONGEST_ID and "\0" not in text for text in found.values()):
        raise NotSigned(N_("PayPal has not written this message."))
    return found


def _known(creditor_id: int, event_id: str, body: bytes) -> PaypalEvent | None:
    """Return a message that came before with the same bytes; PayPal has said then that it wrote it."""
    mine = (PaypalEvent.creditor == creditor_id) & (PaypalEvent.event_id == event_id)
    return PaypalEvent.get_or_none(mine & (PaypalEvent.body_hash == sha256(body).hexdigest()))


def _keep(creditor_id: int, event: Mapping[str, str], body: bytes, now: datetime) -> PaypalEvent:
    with database.atomic():
        PaypalEvent.insert(
            creditor=creditor_id, event_id=event["id"], kind=event["kind"], subject=event["subject"], related=event["related"],
            body_hash=sha256(body).hexdigest(), received_at=now, verdict=Verdict.WAITING, look_at=next_look(0, now),
        ).on_conflict_ignore().execute()  # fmt: skip
        return PaypalEvent.get((PaypalEvent.creditor == creditor_id) & (PaypalEvent.event_id == event["id"]))
