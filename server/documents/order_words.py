"""What stands on an order form besides its tables: the mandate in the banks' words, and what holds for prices."""

from server.domain.mandate import PRENOTIFICATION_DAYS, Scheme
from server.domain.paper import PaperOrder
from server.language import say


def mandate_title(scheme: Scheme) -> str:
    """Return the mandate's prescribed heading."""
    return say("SEPA B2B direct debit mandate") if scheme is Scheme.B2B else say("SEPA core direct debit mandate")


def mandate_texts(creditor: str, scheme: Scheme, *, is_person: bool) -> list[str]:
    """Return the mandate's prescribed words, one paragraph each."""
    if is_person:
        allowed = say(
            "I authorise {creditor} to collect payments from my account by direct debit. At the same time I instruct my bank to "
            "honour the direct debits that {creditor} draws on my account.",
            creditor=creditor,
        )
    else:
        allowed = say(
            "We authorise {creditor} to collect payments from our account by direct debit. At the same time we "
            "instruct our bank to honour the direct debits that {creditor} draws on our account.",
            creditor=creditor,
        )
    return [allowed, _refund(scheme, is_person=is_person)]


def prenotification(days: int) -> str:
    """Return the clause that says how long before a debit it is announced."""
    if days == PRENOTIFICATION_DAYS:
        return say(
            "The amount and the day of each debit are announced at least {days:day|days} beforehand, as a rule with the invoice.",
            days=days,
        )
    return say(
        "The amount and the day of each debit are announced at least {days:day|days} beforehand, as a rule with the invoice. "
        "The parties agree on this term in place of the usual {usual} days.",
        days=days,
        usual=PRENOTIFICATION_DAYS,
    )


def price_clauses(order: PaperOrder) -> list[str]:
    """Return what is agreed on prices, one clause each."""
    return [
        say(
            "The monthly price is paid in advance: the first time for the days from the start of the service to the month's end, "
            "then for each calendar month. Days that were paid and not served are credited on the next invoice."
        ),
        say(
            "Storage beyond what is included is paid afterwards: for each day the GB beyond those included, their sum "
            "divided by the days of the month, times the price for each further GB. 1 GB is 10⁹ bytes. What counts is "
            "what lies encrypted and deduplicated in the data centre, without the trash. A day that was not measured "
            "counts as nothing."
        ),
        _how_paid(order),
        say(
            "The contract runs for an indefinite time. Each party can end it at the end of a month with "
            "{months:month's|months'} notice.",
            months=order.notice_months,
        ),
        say("Arrears never block a restore. After the end of the contract, data is kept for at least 30 days."),
    ]


def _how_paid(order: PaperOrder) -> str:
    if order.mandate is not None:
        return say("{seller} collects by SEPA direct debit; the mandate is a sheet of its own.", seller=order.seller.name)
    return say("{seller} sends an invoice for each month; how it is paid stands there.", seller=order.seller.name)


def _refund(scheme: Scheme, *, is_person: bool) -> str:
    if scheme is Scheme.B2B:
        return say(
            "Note: this mandate serves only to collect direct debits that are drawn on the accounts of companies. We "
            "are not entitled to a refund after the amount has been debited. We may instruct our bank not to honour "
            "direct debits until the day on which they are due."
        )
    if is_person:
        return say(
            "Note: I can demand a refund of the debited amount within eight weeks, beginning with the day of the debit. "
            "The terms agreed with my bank apply."
        )
    return say(
        "Note: we can demand a refund of the debited amount within eight weeks, beginning with the day of the debit. "
        "The terms agreed with our bank apply."
    )
