"""The fake PayPal as an HTTP server, and what a test or a payer lets happen there."""

import json
import secrets
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.server.paypal_fake.desk import Account, Desk


class FakePayPal(Desk):
    """PayPal, in which things can be made to happen."""

    def open_account(self, name: str) -> Account:
        """Let a seller have an app."""
        account = Account(f"client-{name}", f"secret-{name}-{secrets.token_hex(8)}", f"WH{name.upper()}")
        self.accounts[account.client_id] = account
        return account

    def approve(self, order_id: str) -> str:
        """Let the payer agree; return the address to which he is sent."""
        with self.lock:
            order = self.orders[order_id]
            assert order["status"] in {"PAYER_ACTION_REQUIRED", "APPROVED"}, order["status"]
            if order["status"] != "APPROVED":
                order["status"] = "APPROVED"
                self.tell(order["_account"], "CHECKOUT.ORDER.APPROVED", "checkout-order", self.shown(order))
            return f"{order['_return_url']}?token={order_id}&PayerID=PAYER1"

    def settle(self, capture_id: str, status: str) -> None:
        """Let a payment that was pending become something else."""
        with self.lock:
            capture = self.captures[capture_id]
            capture["status"] = status
            self._price(capture)
            kind = {"COMPLETED": "COMPLETED", "DECLINED": "DENIED"}[status]
            self.tell(capture["_account"], f"PAYMENT.CAPTURE.{kind}", "capture", self.shown(capture))

    def give_back(self, capture_id: str, cents: int, *, kind: str = "REFUNDED", key: str = "") -> str:
        """Pay back, as the seller on PayPal's pages, or (REVERSED) as PayPal itself. Returns the refund's id."""
        with self.lock:
            capture = self.captures[capture_id]
            return str(self._refund(capture, cents, kind=kind, custom_id=key)["id"])

    def complain(self, capture_id: str, *, dispute_id: str = "", outcome: str = "") -> str:
        """Let a payer complain, or a complaint end. Returns its id."""
        with self.lock:
            account = self.captures[capture_id]["_account"]
            dispute_id = dispute_id or f"PP-D-{next(self._numbers)}"
            dispute = {
                "dispute_id": dispute_id,
                "status": "RESOLVED" if outcome else "OPEN",
                "disputed_transactions": [{"seller_transaction_id": capture_id}],
                "_account": account,
            }
            if outcome:
                dispute["dispute_outcome"] = {"outcome_code": outcome}
            self.disputes[dispute_id] = dispute
            kind = "RESOLVED" if outcome else "CREATED"
            self.tell(account, f"CUSTOMER.DISPUTE.{kind}", "dispute", self.shown(dispute))
            return dispute_id


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def do_GET(self) -> None:
        if self.path.startswith("/checkoutnow"):
            self._checkout()
        else:
            self._api()

    def do_POST(self) -> None:
        if self.path.startswith("/checkoutnow"):
            self._agree()
        else:
            self._api()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _api(self) -> None:
        fake = self.server.fake
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path
        fake.asked.append(f"{self.command} {path}")
        wishes = fake.wishes
        breaks = wishes.break_off.popleft() if wishes.break_off and wishes.only in path else ""
        if breaks == "before":
            self.close_connection = True
            return
        if breaks.isdigit():
            self._say(int(breaks), {"name": "INTERNAL_SERVER_ERROR"})
            return
        said = fake.answer(self.command, path, {name.lower(): value for name, value in self.headers.items()}, body)
        if wishes.while_working is not None:
            wishes.while_working(path)
        if breaks == "after":
            self.close_connection = True
            return
        self._say(*said)

    def _say(self, status: int, answer: dict[str, Any]) -> None:
        self._send(status, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(content))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _checkout(self) -> None:
        token = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)["token"][0]
        order = self.server.fake.orders[token]
        amount = order["_unit"]["amount"]["value"]
        told = f"{order['_unit']['invoice_id']}: {amount} EUR"
        buttons = "".join(f'<button id="{do}" name="do" value="{do}">{do}</button>' for do in ("agree", "leave"))
        page = f"<!doctype html><title>A fake PayPal</title><h1>A fake PayPal</h1><p>{told}<form method=post>{buttons}</form>"
        self._send(200, page.encode(), {"Content-Type": "text/html; charset=utf-8"})

    def _agree(self) -> None:
        token = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)["token"][0]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fake = self.server.fake
        onward = fake.approve(token) if body == b"do=agree" else f"{fake.orders[token]['_cancel_url']}&token={token}"
        self._send(303, b"", {"Location": onward})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    fake: FakePayPal


@contextmanager
def serving(port: int = 0) -> Iterator[FakePayPal]:
    """Let a fake PayPal be reached at its ``url`` as long as the block lasts."""
    server = _Server(("127.0.0.1", port), _Handler)
    server.fake = fake = FakePayPal()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
