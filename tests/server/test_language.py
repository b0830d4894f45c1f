"""The reader's language: sentences with their facts, and figures as people write them."""

import importlib.util
from datetime import UTC, date, datetime
from decimal import Decimal
from types import ModuleType

import pytest

from server import language
from server.domain.errors import Conflict, NotAllowed, RuleBroken, ServerError
from server.domain.order import OrderState, OrderStep, after
from server.domain.rights import Role
from server.language import N_, a_day, a_moment, a_number, a_price, hint_of, money, say, sentence_of, speaking
from tests.conftest import PROJECT


@pytest.fixture(name="catalogue", scope="module")
def the_catalogue_tool() -> ModuleType:
    """Return .ci/catalogue.py as a module."""
    spec = importlib.util.spec_from_file_location("catalogue", PROJECT / ".ci" / "catalogue.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_rule_speaks_the_reader_s_language() -> None:
    """With its facts in words of that language; the log's is English."""
    with pytest.raises(RuleBroken) as refused:
        after(OrderState.AWAITING_PAYMENT, OrderStep.PRINT)

    assert str(refused.value) == "An order that is awaiting payment cannot take the step print."
    with speaking("de"):
        assert sentence_of(refused.value) == "Ein Auftrag im Zustand „wartet auf Zahlung“ lässt „drucken“ nicht zu."
    with speaking("en"):
        assert sentence_of(refused.value) == str(refused.value)


def test_facts_are_put_into_words() -> None:
    """Days, moments, numbers, words of the domain, errors within errors; what is counted."""
    inner = NotAllowed(N_("The role {role} does not permit this."), role=Role.READ_ONLY)
    error = ServerError(
        "{day}; {moment}; {number}; {inner}; {count:file|files}", "{role}",
        day=date(2026, 11, 24), moment=datetime(2026, 7, 1, 22, 30, tzinfo=UTC), number=Decimal("1204.50"), inner=inner,
        count=1204, role=Role.OWNER,
    )  # fmt: skip

    with speaking("de"):
        assert sentence_of(error) == (
            "24.11.2026; 02.07.2026, 00:30; 1.204,5; Die Rolle „Nur lesen“ erlaubt das nicht.; 1.204 files"
        )
        assert hint_of(error) == "Inhaber"
    with speaking("en"):
        assert sentence_of(error).startswith("24 Nov 2026; 2 Jul 2026, 00:30; 1,204.5; The role Read only does")


@pytest.mark.parametrize(
    ("german", "english", "figure"),
    [
        ("1.204,50 €", "€1,204.50", lambda: money(120_450)),
        ("-0,05 €", "-€0.05", lambda: money(-5)),
        ("12,50 €", "€12.50", lambda: a_price(Decimal("12.5"))),
        ("0,119 €", "€0.119", lambda: a_price(Decimal("0.119000"))),
        ("0,000001 €", "€0.000001", lambda: a_price(Decimal("0.000001"))),
        ("100,00 €", "€100.00", lambda: a_price(Decimal("1E+2"))),
        ("1.234.567", "1,234,567", lambda: a_number(1_234_567)),
        ("01.03.2026", "1 Mar 2026", lambda: a_day(date(2026, 3, 1))),
        ("25.10.2026, 02:30", "25 Oct 2026, 02:30", lambda: a_moment(datetime(2026, 10, 25, 1, 30, tzinfo=UTC))),
    ],
)  # fmt: skip
def test_figures_are_written_as_people_write_them(german: str, english: str, figure: object) -> None:
    """Prices show every decimal that matters, and at least cents; moments are those of Berlin."""
    assert callable(figure)
    for spoken, wanted in (("de", german), ("en", english)):
        with speaking(spoken):
            assert figure().replace("\N{NO-BREAK SPACE}", " ") == wanted


def test_one_language_inside_another() -> None:
    """A mail to an English reader, written while a German page is made."""
    with speaking("de"):
        with speaking("en"):
            assert say(Role.OWNER.label) == "Owner"
        with speaking("xx"):
            assert language.current_language() == "en"
        assert say(Role.OWNER.label) == "Inhaber"


def test_errors_know_their_answer() -> None:
    """A form shows them beside the field."""
    error = RuleBroken("{price} is no price.", field="price", price="x")

    assert (error.http_status, error.field, str(error), error.hint) == (422, "price", "x is no price.", "")
    assert Conflict("changed").http_status == 409


def test_sentences_are_found_in_templates(catalogue: ModuleType) -> None:
    """Wherever they stand; those that a variable holds are marked elsewhere."""
    source = (
        '{% macro row(a) %}{{ _("One {n:file|files}", n=a) }}{% endmacro %}<p title="{{ _("Two") }}">{{ _(a) }}{{ f("x") }}</p>'
    )

    assert catalogue.sentences_in_template(source) == ["One {n:file|files}", "Two"]


def test_both_halves_have_a_catalogue_and_share_none(catalogue: ModuleType) -> None:
    """The program does not carry the server's sentences."""
    ours, theirs = ({message.id for message in catalogue.extract(package)} for package in ("server", "gdp"))

    assert "{price} is no price." in ours
    assert "{price} is no price." not in theirs
