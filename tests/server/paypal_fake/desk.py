"""The desk of the fake PayPal: what it remembers, and what it answers to whom."""

import base64
import hmac
import itertools
import json
import re
import secrets
import threading
import zlib
from collections import deque
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from tests.server.paypal_fake.shapes import Refused, cents_of, money_of, need, need_key, read_json, time_now

FEE_FIXED_CENTS = 35
FEE_PER_MILLE = 25
Answer = tuple[int, dict[str, Any]]


@dataclass
class Account:
    """One seller's app."""

    client_id: str
    secret: str
    webhook_id: str = ""
    hook_url: str = ""


@dataclass
class Wishes:
    """What goes wrong, or otherwise, from now on."""

    next_captures: deque[str] = field(default_factory=deque)
    """states of the payments that follow: COMPLETED, PENDING, DECLINED (as an answer), or REFUSED (as an error)"""
    break_off: deque[str] = field(default_factory=deque)
    """for the requests that follow: '' answers; 'before', 'after': breaks the line before or after the work; '500': answers so"""
    only: str = ""
    """to which paths ``break_off`` applies: a part of them"""
    while_working: Callable[[str], None] | None = None
    """called with the path after the work, before the answer"""


class Desk:
    """PayPal's memory, and its answers. Cents inside, texts outside."""

    def __init__(self) -> None:
        self.url = ""
        self.accounts: dict[str, Account] = {}
        self.orders: dict[str, dict[str, Any]] = {}
        self.captures: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, str] = {}
        """saved payment methods and their accounts"""
        self.disputes: dict[str, dict[str, Any]] = {}
        self.events: list[tuple[str, bytes, dict[str, str]]] = []
        """messages: the account's client id, the bytes, the headers"""
        self.asked: list[str] = []
        """every request: method and path"""
        self.wishes = Wishes()
        self.lock = threading.RLock()
        self._bearers: dict[str, str] = {}
        self._known: dict[tuple[str, str], tuple[str, Answer]] = {}
        self._numbers = itertools.count(1)

    def tell(self, account: str, kind: str, resource_type: str, resource: dict[str, Any]) -> None:
        """Write a message; whoever wants to delivers it, once, often or never."""
        event = {
            "id": f"WH-{secrets.token_hex(8).upper()}",
            "create_time": time_now(),
            "resource_type": resource_type,
            "event_type": kind,
            "resource": {"empty": {}, **resource},
        }
        body = json.dumps(event, separators=(",", ":")).encode()
        self.events.append((account, body, self.sign(self.accounts[account].webhook_id, body)))

    def sign(self, webhook_id: str, body: bytes) -> dict[str, str]:
        """Return the headers that PayPal puts on a message."""
        transmission, moment = secrets.token_hex(16) + "-t", time_now()
        return {
            "Content-Type": "application/json",
            "PAYPAL-TRANSMISSION-ID": transmission,
            "PAYPAL-TRANSMISSION-TIME": moment,
            "PAYPAL-TRANSMISSION-SIG": self._signature(transmission, moment, webhook_id, body),
            "PAYPAL-CERT-URL": f"{self.url}/v1/notifications/certs/CERT-1",
            "PAYPAL-AUTH-ALGO": "SHA256withRSA",
        }

    def shown(self, thing: dict[str, Any]) -> dict[str, Any]:
        """Return something without what only PayPal knows."""
        return {name: deepcopy(value) for name, value in thing.items() if not name.startswith("_")}

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Return status and JSON for a request."""
        with self.lock:
            if path == "/v1/oauth2/token":
                return self._log_in(method, headers, body)
            account = self._bearers.get(headers.get("authorization", "").removeprefix("Bearer "))
            if account is None:
                return 401, {"name": "AUTHENTICATION_FAILURE", "message": "Authentication failed"}
            try:
                return self._once(account, method, path, headers, body)
            except Refused as error:
                return error.status, error.body

    def _once(self, account: str, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Answer a request whose key is known with what was said before."""
        key = headers.get("paypal-request-id", "")
        known = self._known.get((account, key)) if key else None
        print_of_it = sha256(f"{method} {path} ".encode() + body).hexdigest()
        if known is not None:
            if known[0] != print_of_it:
                raise Refused(422, "PAYPAL_REQUEST_ID_REUSED")
            return known[1]
        found = self._work(account, method, path, headers, body)
        if key:
            self._known[account, key] = (print_of_it, found)
        return found

    def _work(self, account: str, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        if method == "POST":
            need(headers.get("content-type") == "application/json", "CONTENT_TYPE", 415)
        if path == "/v1/notifications/verify-webhook-signature":
            return 200, {"verification_status": "SUCCESS" if self._is_signed(account, body) else "FAILURE"}
        sent = read_json(body) if method == "POST" else {}
        match [method, *path.strip("/").split("/")]:
            case ["POST", "v2", "checkout", "orders"]:
                return self._create(account, headers, sent)
            case ["GET", "v2", "checkout", "orders", order_id]:
                return 200, self._order_shown(self._mine(self.orders, account, order_id))
            case ["POST", "v2", "checkout", "orders", order_id, "capture"]:
                need_key(headers)
                need(sent == {}, "BODY")
                return self._take(self._mine(self.orders, account, order_id))
            case ["GET", "v2", "payments", "captures", capture_id]:
                return 200, self.shown(self._mine(self.captures, account, capture_id))
            case ["POST", "v2", "payments", "captures", capture_id, "refund"]:
                need_key(headers)
                return self._refund_asked(self._mine(self.captures, account, capture_id), sent)
            case ["GET", "v2", "payments", "refunds", refund_id]:
                return 200, self.shown(self._mine(self.refunds, account, refund_id))
            case ["GET", "v1", "customer", "disputes", dispute_id]:
                return 200, self.shown(self._mine(self.disputes, account, dispute_id))
        raise Refused(404, "RESOURCE_NOT_FOUND", "RESOURCE_NOT_FOUND")

    def _log_in(self, method: str, headers: dict[str, str], body: bytes) -> Answer:
        kind, _space, code = headers.get("authorization", "").partition(" ")
        client_id, _colon, secret = base64.b64decode(code).decode().partition(":")
        account = self.accounts.get(client_id)
        form = headers.get("content-type") == "application/x-www-form-urlencoded"
        is_right = account is not None and hmac.compare_digest(account.secret, secret)
        if method != "POST" or kind != "Basic" or not form or body != b"grant_type=client_credentials" or not is_right:
            return 401, {"error": "invalid_client", "error_description": "Client Authentication failed"}
        bearer = secrets.token_hex(16)
        self._bearers[bearer] = client_id
        return 200, {"access_token": bearer, "token_type": "Bearer", "app_id": "APP-1", "expires_in": 32400}

    def _create(self, account: str, headers: dict[str, str], sent: dict[str, Any]) -> Answer:
        need_key(headers)
        need(sent.keys() == {"intent", "purchase_units", "payment_source"} and sent["intent"] == "CAPTURE", "INTENT")
        need(isinstance(sent["purchase_units"], list) and len(sent["purchase_units"]) == 1, "PURCHASE_UNITS")
        unit = sent["purchase_units"][0]
        need(unit.keys() == {"custom_id", "invoice_id", "description", "amount"}, "PURCHASE_UNIT")
        for name in ("custom_id", "invoice_id", "description"):
            need(isinstance(unit[name], str) and 0 < len(unit[name]) <= 127, name.upper())
        cents = cents_of(unit["amount"])
        if any(one["_account"] == account and one["invoice_id"] == unit["invoice_id"] for one in self.captures.values()):
            raise Refused(422, "DUPLICATE_INVOICE_ID")
        wallet = sent["payment_source"].get("paypal")
        need(sent["payment_source"].keys() == {"paypal"} and isinstance(wallet, dict), "PAYMENT_SOURCE")
        order = {
            "id": f"ORDER{next(self._numbers):012}",
            "intent": "CAPTURE",
            "status": "PAYER_ACTION_REQUIRED",
            "create_time": time_now(),
            "_account": account, "_cents": cents, "_unit": unit, "_saves": False, "_return_url": "", "_cancel_url": "",
        }  # fmt: skip
        if "vault_id" in wallet:
            self._charge(account, order, wallet)
        else:
            self._ask_payer(order, wallet)
        self.orders[order["id"]] = order
        return 201, self._order_shown(order)

    def _ask_payer(self, order: dict[str, Any], wallet: dict[str, Any]) -> None:
        need(wallet.keys() <= {"experience_context", "attributes"}, "WALLET")
        context = wallet["experience_context"]
        need(
            0 < len(context["brand_name"]) <= 127 and re.fullmatch(r"[a-z]{2}-[A-Z]{2}", context["locale"]) is not None, "CONTEXT"
        )
        for name in ("return_url", "cancel_url"):
            need(context[name].startswith("http"), name.upper())
            order[f"_{name}"] = context[name]
        if "attributes" in wallet:
            vault = {"store_in_vault": "ON_SUCCESS", "usage_type": "MERCHANT", "customer_type": "CONSUMER"}
            need(wallet["attributes"] == {"vault": vault}, "ATTRIBUTES")
            order["_saves"] = True

    def _charge(self, account: str, order: dict[str, Any], wallet: dict[str, Any]) -> None:
        need(wallet.keys() == {"vault_id", "stored_credential"}, "WALLET")
        need(wallet["stored_credential"]["payment_initiator"] == "MERCHANT", "STORED_CREDENTIAL")
        if self.tokens.get(wallet["vault_id"]) != account:
            raise Refused(404, "TOKEN_NOT_FOUND", "RESOURCE_NOT_FOUND")
        order["status"] = "COMPLETED"
        self._capture(order)

    def _take(self, order: dict[str, Any]) -> Answer:
        if order["status"] == "COMPLETED":
            raise Refused(422, "ORDER_ALREADY_CAPTURED")
        if order["status"] != "APPROVED":
            raise Refused(422, "ORDER_NOT_APPROVED")
        self._capture(order)
        order["status"] = "COMPLETED"
        return 201, self._order_shown(order)

    def _capture(self, order: dict[str, Any]) -> None:
        status = self.wishes.next_captures.popleft() if self.wishes.next_captures else "COMPLETED"
        if status == "REFUSED":
            raise Refused(422, "INSTRUMENT_DECLINED")
        capture_id = f"CAPTURE{next(self._numbers):010}"
        unit = order["_unit"]
        capture = {
            "id": capture_id, "status": status, "amount": unit["amount"], "custom_id": unit["custom_id"],
            "invoice_id": unit["invoice_id"], "final_capture": True, "create_time": time_now(),
            "supplementary_data": {"related_ids": {"order_id": order["id"]}},
            "_account": order["_account"], "_cents": order["_cents"], "_order": order["id"], "_back": 0,
        }  # fmt: skip
        self._price(capture)
        self.captures[capture_id] = capture
        if order["_saves"] and status == "COMPLETED":
            token = f"vault{next(self._numbers):06}"
            self.tokens[token] = order["_account"]
            order["_vault"] = {"id": token, "status": "VAULTED", "customer": {"id": "customer1"}}
        kind = {"COMPLETED": "COMPLETED", "PENDING": "PENDING", "DECLINED": "DENIED"}[status]
        self.tell(order["_account"], f"PAYMENT.CAPTURE.{kind}", "capture", self.shown(capture))

    def _price(self, capture: dict[str, Any]) -> None:
        if capture["status"] == "COMPLETED":
            cents = capture["_cents"]
            fee = FEE_FIXED_CENTS + (cents * FEE_PER_MILLE + 500) // 1000
            capture["seller_receivable_breakdown"] = {
                "gross_amount": money_of(cents), "paypal_fee": money_of(fee), "net_amount": money_of(max(0, cents - fee)),
            }  # fmt: skip

    def _refund_asked(self, capture: dict[str, Any], sent: dict[str, Any]) -> Answer:
        need(sent.keys() <= {"amount", "custom_id", "note_to_payer", "invoice_id"}, "BODY")
        cents = cents_of(sent["amount"])
        if capture["_back"] + cents > capture["_cents"]:
            raise Refused(422, "CAPTURE_FULLY_REFUNDED" if capture["_back"] == capture["_cents"] else "REFUND_AMOUNT_EXCEEDED")
        return 201, self.shown(self._refund(capture, cents, kind="REFUNDED", custom_id=sent.get("custom_id", "")))

    def _refund(self, capture: dict[str, Any], cents: int, *, kind: str, custom_id: str) -> dict[str, Any]:
        need(capture["status"] in {"COMPLETED", "PARTIALLY_REFUNDED"}, "CAPTURE_STATUS")
        refund_id = f"REFUND{next(self._numbers):011}"
        links = [
            {"rel": "self", "method": "GET", "href": f"{self.url}/v2/payments/refunds/{refund_id}"},
            {"rel": "up", "method": "GET", "href": f"{self.url}/v2/payments/captures/{capture['id']}"},
        ]
        refund = {
            "id": refund_id, "status": "COMPLETED", "amount": money_of(cents), "links": links, "_account": capture["_account"],
            "_capture": capture["id"],
        } | ({"custom_id": custom_id} if custom_id else {})  # fmt: skip
        self.refunds[refund_id] = refund
        capture["_back"] += cents
        capture["status"] = "REFUNDED" if capture["_back"] == capture["_cents"] else "PARTIALLY_REFUNDED"
        self.tell(capture["_account"], f"PAYMENT.CAPTURE.{kind}", "refund", self.shown(refund))
        return refund

    def _mine(self, things: dict[str, dict[str, Any]], account: str, thing_id: str) -> dict[str, Any]:
        thing = things.get(thing_id)
        if thing is None or thing["_account"] != account:
            raise Refused(404, "INVALID_RESOURCE_ID", "RESOURCE_NOT_FOUND")
        return thing

    def _order_shown(self, order: dict[str, Any]) -> dict[str, Any]:
        captures = [one for one in self.captures.values() if one["_order"] == order["id"]]
        refunds = [one for one in self.refunds.values() if one["_capture"] in {capture["id"] for capture in captures}]
        payments = {"captures": [self.shown(one) for one in captures]}
        if refunds:
            payments["refunds"] = [self.shown(one) for one in refunds]
        wallet = {"attributes": {"vault": order["_vault"]}} if "_vault" in order else {}
        unit = {"reference_id": "default", **order["_unit"], **({"payments": payments} if captures else {})}
        links = [{"rel": "self", "method": "GET", "href": f"{self.url}/v2/checkout/orders/{order['id']}"}]
        if order["status"] == "PAYER_ACTION_REQUIRED":
            links.append({"rel": "payer-action", "method": "GET", "href": f"{self.url}/checkoutnow?token={order['id']}"})
        return self.shown(order) | {"purchase_units": [unit], "payment_source": {"paypal": wallet}, "links": links}

    def _signature(self, transmission: str, moment: str, webhook_id: str, body: bytes) -> str:
        signed = f"{transmission}|{moment}|{webhook_id}|{zlib.crc32(body)}".encode()
        return base64.b64encode(hmac.digest(b"key of the fake", signed, "sha256")).decode()

    def _is_signed(self, account: str, body: bytes) -> bool:
        asked = read_json(body)
        webhook_id = self.accounts[account].webhook_id
        mark = b'"webhook_event": '
        event = body[body.index(mark) + len(mark) : -1]  # its very bytes
        wanted = self._signature(asked["transmission_id"], asked["transmission_time"], webhook_id, event)
        is_ours = asked["cert_url"].startswith(f"{self.url}/") and asked["auth_algo"] == "SHA256withRSA"
        return bool(webhook_id) and asked["webhook_id"] == webhook_id and is_ours and wanted == asked["transmission_sig"]
