"""What the fake PayPal takes and how it writes it."""

import json
import re
from datetime import UTC, datetime
from typing import Any

AMOUNT = re.compile(r"\d{1,7}\.\d\d")


class Refused(Exception):
    """PayPal says no."""

    def __init__(self, status: int, issue: str, name: str = "UNPROCESSABLE_ENTITY") -> None:
        super().__init__(issue)
        self.status = status
        self.body = {"name": name, "message": issue, "debug_id": "fake", "details": [{"issue": issue, "description": issue}]}


def need(condition: bool, issue: str, status: int = 400) -> None:
    if not condition:
        raise Refused(status, f"MALFORMED_{issue}" if status == 400 else issue, "INVALID_REQUEST")


def need_key(headers: dict[str, str]) -> None:
    need(0 < len(headers.get("paypal-request-id", "")) <= 108, "PAYPAL_REQUEST_ID_REQUIRED")


def read_json(body: bytes) -> dict[str, Any]:
    try:
        sent = json.loads(body)
    except ValueError as error:
        raise Refused(400, "MALFORMED_REQUEST_JSON", "INVALID_REQUEST") from error
    need(isinstance(sent, dict), "REQUEST_JSON")
    return dict(sent)


def cents_of(amount: Any) -> int:
    need(isinstance(amount, dict) and amount.keys() == {"currency_code", "value"} and amount["currency_code"] == "EUR", "AMOUNT")
    need(isinstance(amount["value"], str) and AMOUNT.fullmatch(amount["value"]) is not None, "AMOUNT")
    cents = int(amount["value"].replace(".", ""))
    need(cents > 0, "AMOUNT")
    return cents


def money_of(cents: int) -> dict[str, str]:
    return {"currency_code": "EUR", "value": f"{cents // 100}.{cents % 100:02}"}


def time_now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
