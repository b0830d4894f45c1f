"""What we ask of PayPal for one seller. One method per request; says nothing about what follows from an answer.

Sources: PayPal's references of Orders v2, Payments v2, Payment Method Tokens v3, Disputes v1 and Webhooks v1.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from server.domain.paypal import CURRENCY
from server.gateways.paypal import shapes
from server.gateways.paypal.shapes import SeenCapture, SeenDispute, SeenOrder, SeenRefund
from server.gateways.paypal.transport import Credentials, PayPalRefused, Transport
from server.gateways.sealing import Sealer

_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")
_ADDRESS = re.compile(r"https?://[!-~]{1,2000}")
_SIGNED_BY: Final = {
    "transmission_id": "paypal-transmission-id",
    "transmission_time": "paypal-transmission-time",
    "transmission_sig": "paypal-transmission-sig",
    "cert_url": "paypal-cert-url",
    "auth_algo": "paypal-auth-algo",
}
_LONGEST_HEADER = 1000
_LONGEST_NAME = 127


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be paid."""

    key: str
    """ours; PayPal gives it back with the payment, and knows the request again by it"""
    cents: int
    invoice: str
    """as the payer and the seller read it at PayPal"""
    description: str


@dataclass(frozen=True, slots=True)
class Visit:
    """The payer's way through PayPal's pages."""

    return_url: str
    cancel_url: str
    brand: str
    locale: str
    """``de-DE``"""
    saves: bool = False
    """whether the payer agrees that following invoices are charged"""


class PayPalClient:
    """PayPal for one seller. Every method raises PayPalAway, PayPalRefused or PayPalLoginWrong."""

    def __init__(self, transport: Transport, who: Credentials) -> None:
        self._transport = transport
        self._who = who

    def check(self) -> None:
        """Ask nothing but whether we are known."""
        self._transport.check(self._who)

    def create_order(self, wanted: Wanted, visit: Visit) -> SeenOrder:
        """Let a payer be asked. Said again with the same key, it is the same order."""
        wallet: dict[str, Any] = {
            "experience_context": {
                "brand_name": visit.brand[:_LONGEST_NAME],
                "locale": visit.locale,
                "shipping_preference": "NO_SHIPPING",
                "user_action": "PAY_NOW",
                "payment_method_preference": "UNRESTRICTED",
                "return_url": visit.return_url,
                "cancel_url": visit.cancel_url,
            }
        }
        if visit.saves:
            wallet["attributes"] = {
                "vault": {"store_in_vault": "ON_SUCCESS", "usage_type": "MERCHANT", "customer_type": "CONSUMER"}
            }
        seen = self._create(wanted, wallet)
        if not _ADDRESS.fullmatch(seen.approve_url):
            raise PayPalRefused("NO_APPROVE_LINK", 502)
        return seen

    def charge(self, wanted: Wanted, vault_id: str) -> SeenOrder:
        """Take a payment from a saved payment method at once. Said again with the same key, it is the same payment."""
        return self._create(
            wanted,
            {
                "vault_id": vault_id,
                "stored_credential": {
                    "payment_initiator": "MERCHANT",
                    "usage": "SUBSEQUENT",
                    "usage_pattern": "RECURRING_POSTPAID",
                },
            },
        )

    def capture(self, order_id: str, key: str) -> SeenOrder:
        """Take the money that a payer has agreed to."""
        return shapes.order_of(self._post(f"/v2/checkout/orders/{_id(order_id)}/capture", {}, key=f"{key}-take"))

    def order(self, order_id: str) -> SeenOrder:
        """Return an order as it stands."""
        return shapes.order_of(self._transport.get(self._who, f"/v2/checkout/orders/{_id(order_id)}"))

    def captured(self, capture_id: str) -> SeenCapture:
        """Return a payment as it stands."""
        return shapes.capture_of(self._transport.get(self._who, f"/v2/payments/captures/{_id(capture_id)}"))

    def refund(self, capture_id: str, cents: int, key: str, *, note: str) -> SeenRefund:
        """Pay something back. Said again with the same key, it is the same refund."""
        body = {"amount": _amount(cents), "custom_id": key, "note_to_payer": note[:255]}
        return shapes.refund_of(self._post(f"/v2/payments/captures/{_id(capture_id)}/refund", body, key=key))

    def refunded(self, refund_id: str) -> SeenRefund:
        """Return a repayment as it stands."""
        return shapes.refund_of(self._transport.get(self._who, f"/v2/payments/refunds/{_id(refund_id)}"))

    def dispute(self, dispute_id: str) -> SeenDispute:
        """Return a complaint as it stands."""
        return shapes.dispute_of(self._transport.get(self._who, f"/v1/customer/disputes/{_id(dispute_id)}"))

    def is_signed(self, body: bytes, headers: Mapping[str, str], webhook_id: str) -> bool:
        """Say whether PayPal wrote a message to this webhook.

        The signature is of the very bytes of ``body``, which therefore go back to PayPal as they came.
        """
        said = {name.lower(): value for name, value in headers.items()}
        signed = {name: said.get(header, "") for name, header in _SIGNED_BY.items()}
        if not all(signed.values()) or any(len(value) > _LONGEST_HEADER for value in signed.values()):
            return False
        head = json.dumps(signed | {"webhook_id": webhook_id}).encode("ascii")
        asked = head[:-1] + b', "webhook_event": ' + body.strip() + b"}"
        try:
            answer = self._transport.post(self._who, "/v1/notifications/verify-webhook-signature", asked)
        except PayPalRefused:
            return False
        return isinstance(answer, dict) and answer.get("verification_status") == "SUCCESS"

    def _create(self, wanted: Wanted, wallet: Mapping[str, Any]) -> SeenOrder:
        body = {
            "intent": "CAPTURE",
            "purchase_units": [
                {
                    "custom_id": wanted.key,
                    "invoice_id": wanted.invoice[:_LONGEST_NAME],
                    "description": wanted.description[:_LONGEST_NAME],
                    "amount": _amount(wanted.cents),
                }
            ],
            "payment_source": {"paypal": wallet},
        }
        return shapes.order_of(self._post("/v2/checkout/orders", body, key=wanted.key))

    def _post(self, path: str, body: Mapping[str, Any], *, key: str) -> Any:
        return self._transport.post(self._who, path, json.dumps(body).encode("ascii"), key=key)


class PayPal:
    """PayPal under the address that the settings name, and the key that opens the sellers' secrets."""

    def __init__(self, transport: Transport, sealer: Sealer) -> None:
        self._transport = transport
        self.sealer = sealer

    def client(self, client_id: str, sealed_secret: str) -> PayPalClient:
        """Return PayPal for one seller."""
        return PayPalClient(self._transport, Credentials(client_id, self.sealer.open(sealed_secret)))

    def client_of(self, client_id: str, secret: str) -> PayPalClient:
        """Return PayPal for credentials that were just typed."""
        return PayPalClient(self._transport, Credentials(client_id, secret))


def _amount(cents: int) -> dict[str, str]:
    return {"currency_code": CURRENCY, "value": shapes.amount_of(cents)}


def _id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise PayPalRefused("INVALID_RESOURCE_ID", 404)
    return text
