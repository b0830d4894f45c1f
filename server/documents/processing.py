"""The agreement on the processing of personal data (article 28 GDPR) between a customer and its seller, section by section."""

from dataclasses import dataclass

from server.documents.words import country, street, town
from server.domain.paper import PaperOrder
from server.language import say


@dataclass(frozen=True, slots=True)
class Section:
    """One section: a heading, paragraphs, and points beneath them."""

    heading: str
    texts: tuple[str, ...]
    points: tuple[str, ...] = ()


def agreement(order: PaperOrder) -> tuple[Section, ...]:
    """Return the agreement that belongs to an order."""
    return (*_what(), *_duties(), _others(order), *_ends(), _measures(order))


def _what() -> tuple[Section, ...]:
    return (
        Section(
            say("1. Subject and duration"),
            (
                say(
                    "The processor stores backups of the controller's computers in a data centre and makes them "
                    "available for restores. It also keeps reports about the runs and what is needed for metering. The"
                    " agreement holds as long as the order, and until all data is deleted."
                ),
            ),
        ),
        Section(
            say("2. Kind of data and persons concerned"),
            (
                say(
                    "The controller alone decides what is backed up. The backups may hold personal data of any kind, "
                    "also special categories (article 9 GDPR), about employees, customers, suppliers and others. They "
                    "are encrypted on the controller's computer; unless the controller deposits a key with it, the "
                    "processor cannot read contents, names or sizes of files. In clear it processes: names and "
                    "addresses of contacts, log data, times and volumes of the runs."
                ),
            ),
        ),
    )


def _duties() -> tuple[Section, ...]:
    return (
        Section(
            say("3. Duties of the processor"),
            (say("The processor"),),
            (
                say(
                    "processes the data only on documented instructions of the controller, of which this agreement and"
                    " the settings of the program are part, and says so where it holds an instruction to be unlawful;"
                ),
                say("binds everybody who has access to secrecy;"),
                say("takes the measures of section 7 (article 32 GDPR), and replaces them only by ones that protect no less;"),
                say(
                    "helps the controller to answer requests of persons concerned and to fulfil its duties of articles"
                    " 32 to 36 GDPR, as far as encrypted data allows;"
                ),
                say(
                    "reports a breach of the protection of personal data without delay, within 48 hours of becoming aware of it;"
                ),
                say(
                    "proves on request that it keeps these duties, and allows audits by the controller or an auditor "
                    "that it has chosen, announced two weeks beforehand and at usual hours."
                ),
            ),
        ),
        Section(
            say("4. Duties of the controller"),
            (
                say(
                    "The controller answers for the lawfulness of the processing. It keeps its keys: without them "
                    "nobody can restore the data. It names whoever may give instructions, and reports errors that it "
                    "finds."
                ),
            ),
        ),
    )


def _others(order: PaperOrder) -> Section:
    named = tuple(
        f"{one.name}, {street(one.address)}, {town(one.address)}, {country(one.address.country)}" for one in order.processors
    )
    return Section(
        say("5. Further processors, place"),
        (
            say(
                "The controller agrees to the following further processors, who are bound to the same duties. Others "
                "are announced four weeks beforehand; the controller can object, and end the contract where no "
                "solution is found. The data stays in the European Union or the European Economic Area."
            ),
        ),
        named or (say("None: the processor runs the data centre itself."),),
    )


def _ends() -> tuple[Section, ...]:
    return (
        Section(
            say("6. End"),
            (
                say(
                    "After the end of the contract the controller can still restore its data until an announced "
                    "deletion, for at least 30 days. Then the processor deletes it, unless the law demands that it be "
                    "kept, and confirms so on request."
                ),
            ),
        ),
    )


def _measures(order: PaperOrder) -> Section:
    return Section(
        say("7. Technical and organisational measures"),
        (),
        order.measures
        or (
            say(
                "Confidentiality: encryption before transfer (AES-256), a separate area for each customer, logins by "
                "key or with two factors, logs of access."
            ),
            say(
                "Integrity: every block is authenticated and checked when it is read; areas can be set so that clients may "
                "add and not delete."
            ),
            say(
                "Availability: reports of every run and of every silence, parts of what was stored read back and "
                "compared, test restores."
            ),
            say("Deletion: announced, logged, and only after the term of section 6."),
            say("Review: the measures are reviewed at least once a year and after each incident."),
        ),
    )
