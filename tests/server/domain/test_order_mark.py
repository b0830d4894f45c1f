"""What a sheet of paper is known by."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.errors import RuleBroken
from server.domain.mandate import Scheme
from server.domain.order import OrderKind
from server.domain.order_mark import HASH_LETTERS, Mark, Part, TypedMark, Verdict, shortened
from server.domain.paper import Brand, PaperOrder
from server.domain.tax import TaxCategory, TaxRule
from tests.server.documents import paper_example

MARK = Mark("A-2026-00017", 3, Part.MANDATE, shortened(bytes(range(32))))


def test_a_mark_is_read_as_it_was_written() -> None:
    """In the QR and as it is typed."""
    typed = TypedMark.read(MARK.typed)

    assert Mark.read(MARK.qr_text) == MARK
    assert typed is not None
    assert typed.fits(MARK)


@given(st.text(max_size=80))
def test_what_is_not_ours_is_no_mark(text: str) -> None:
    """An invoice in the same envelope has QR codes too."""
    assert Mark.read(text) is None
    assert Mark.read(MARK.qr_text + "/" + text) is None


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_a_shortened_hash_tells_what_128_bits_tell(one: bytes, other: bytes) -> None:
    """Two contents share a mark only where they share those."""
    assert len(shortened(one)) == HASH_LETTERS
    assert (shortened(one) == shortened(other)) == (one[:16] == other[:16])


@pytest.mark.parametrize("typed", ["a-2026-00017/3m o0ol2-0000", "A-2026-00017 / 3 M", "nonsense", ""])
def test_what_cannot_be_a_code_is_none(typed: str) -> None:
    """The page asks again."""
    assert TypedMark.read(typed) is None


def test_letters_that_people_misread_are_forgiven() -> None:
    """O for 0, I or L for 1; in lower case, without the hyphen."""
    mark = replace(MARK, content_hash="0110" + "1001" + MARK.content_hash[8:])
    typed = TypedMark.read("a-2026-00017/3 m oilo lool")

    assert typed is not None
    assert typed.fits(mark)
    assert not typed.fits(replace(mark, version=4))


@pytest.mark.parametrize(
    ("order", "version", "content_hash", "verdict"),
    [
        ("A-2026-00017", 3, MARK.content_hash, Verdict.CURRENT),
        ("A-2026-00017", 4, MARK.content_hash, Verdict.OUTDATED),
        ("A-2026-00017", 2, MARK.content_hash, Verdict.ALTERED),
        ("A-2026-00017", 3, "0" * HASH_LETTERS, Verdict.ALTERED),
        ("A-2026-00018", 3, MARK.content_hash, Verdict.OTHER),
    ],
)
def test_a_sheet_is_judged_by_the_order_as_it_stands(order: str, version: int, content_hash: str, verdict: Verdict) -> None:
    """Who edits an order voids what was signed."""
    assert MARK.verdict(order=order, version=version, content_hash=content_hash) == verdict


@pytest.mark.parametrize("number", ["", "A 1", "a-1", "A-", "Ä1", "A" * 41, "A:1"])
def test_an_order_whose_number_no_mark_can_hold_is_refused(number: str) -> None:
    """Better when it is numbered than when its scan comes back."""
    with pytest.raises(RuleBroken):
        replace(MARK, order=number)


ORDER = paper_example.order()
CHANGES: dict[str, PaperOrder] = {
    "number": replace(ORDER, number="A-2026-00018"),
    "kind": replace(ORDER, kind=OrderKind.UPGRADE),
    "customer": replace(ORDER, customer=replace(ORDER.customer, name="Tischlerei Klein GmbH")),
    "address": replace(ORDER, customer=replace(ORDER.customer, address=replace(ORDER.customer.address, house_number="12"))),
    "seller": replace(ORDER, seller=replace(ORDER.seller, name="Rheinwerk GmbH")),
    "distributor": replace(ORDER, distributor=replace(ORDER.distributor, name="Südlicht AG")),
    "operator": replace(ORDER, operator=replace(ORDER.operator, name="Anderes Rechenzentrum GmbH")),
    "price": replace(ORDER, packages=(replace(ORDER.packages[0], base=Decimal("12.51")),)),
    "overage": replace(ORDER, packages=(replace(ORDER.packages[0], overage=Decimal("0.118")),)),
    "gigabytes": replace(ORDER, packages=(replace(ORDER.packages[0], included_gb=99),)),
    "seats": replace(ORDER, packages=(replace(ORDER.packages[0], servers=2),)),
    "agents": replace(ORDER, packages=(replace(ORDER.packages[0], agents=()),)),
    "tax": replace(ORDER, tax=TaxRule(TaxCategory.EXEMPT, 0)),
    "no mandate": replace(ORDER, mandate=None),
    "scheme": paper_example.order(scheme=Scheme.B2B),
    "effective": replace(ORDER, effective=date(2026, 12, 1)),
    "notice": replace(ORDER, notice_months=3),
    "measures": replace(ORDER, measures=("Zaun",)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_is_signed_is_in_the_content_hash(change: str) -> None:
    """Nobody can swap a price after the signature."""
    assert CHANGES[change].content_hash != ORDER.content_hash


def test_what_is_not_signed_is_not_in_it() -> None:
    """A new logo voids no order; nor do a price's needless zeros, or the day of printing."""
    same = (
        replace(ORDER, seller=replace(ORDER.seller, brand=Brand("Neu", "#000000"))),
        replace(ORDER, packages=(replace(ORDER.packages[0], base=Decimal("12.500")),)),
        replace(ORDER, printed=date(2026, 10, 21)),
        replace(ORDER, version=2),
    )
    assert {one.content_hash for one in same} == {ORDER.content_hash}


def test_a_mandate_needs_a_creditor_id() -> None:
    """Without one nobody may collect."""
    with pytest.raises(RuleBroken):
        replace(ORDER, seller=replace(ORDER.seller, creditor_id=""))
