"""What a recipient reads."""

import html.parser
import re

import pytest

from gdp.core.language import current_language
from gdp.model.events import ItemDone
from gdp.model.run import RunRecord, Verdict
from gdp.report.html import as_html
from gdp.report.page import Page, shown
from gdp.report.run_page import make_run_page
from gdp.report.subject import LONGEST, make_subject
from gdp.report.text import COLUMNS, as_text
from tests.report.golden import FOLDER, LANGUAGES, documents, pages
from tests.report.samples import NASTY, PROBLEMS, SAMPLES, ZONE, changes, make, many, unreadable

PAGES = [(f"{name}.{language}", page) for language in LANGUAGES for name, page in pages(language)]


@pytest.mark.parametrize("name", sorted(documents()))
def test_reports_read_as_they_did(name: str) -> None:
    """Every word of them was read by a person once; 'python -m tests.report.golden' writes what is new."""
    assert documents()[name] == (FOLDER / name).read_text()


def test_nothing_old_lies_about() -> None:
    """A file that no sample makes any more would be believed."""
    assert {path.name for path in FOLDER.iterdir()} == set(documents())


@pytest.mark.parametrize(("name", "page"), PAGES)
def test_text_fits_eighty_columns(name: str, page: Page) -> None:
    """Only what stands whole, such as a path, may be longer."""
    for line in as_text(page).splitlines():
        assert len(line) <= COLUMNS or " " not in line.strip() or line.startswith("    /"), f"{name}: {line}"


class Elements(html.parser.HTMLParser):
    """Notes what a mail reader would see."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in {"meta", "br"}:
            self.open.append(tag)
        self.links += [str(value) for name, value in attrs if name in {"src", "href", "background"}]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize(("name", "page"), PAGES)
def test_html_is_whole_and_fetches_nothing(name: str, page: Page) -> None:
    """No script, no image, no address that tells somebody the mail was opened; every tag is closed."""
    seen = Elements()
    seen.feed(as_html(page))

    assert seen.open == []
    assert seen.links == []
    assert not {"script", "img", "iframe", "form", "link", "object"} & set(seen.tags)
    assert "url(" not in as_html(page)
    assert page.headline in seen.text


def test_a_file_name_cannot_become_markup_a_line_or_a_direction() -> None:
    """Whoever may write a file on the computer must not write its administrator's mail."""
    record = make(verdict=Verdict.ATTENTION, problems=(unreadable(NASTY, NASTY),), problem_count=1, host=NASTY, set_name=NASTY)
    for language in LANGUAGES:
        page = make_run_page(record, language=language, zone=ZONE)
        markup, text = as_html(page), as_text(page)

        assert "<script" not in markup
        assert "{0}{{7*7}}" in text
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e]", markup + text + page.subject)
        assert not re.search("^Bcc:", markup + text + page.subject, re.MULTILINE)


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    """A surrogate cannot be encoded and would break the mail."""
    assert shown("k\udce4se\n") == "k\\xe4se\\n"


def test_many_files_are_summed_up() -> None:
    """A mail of ten thousand lines is read by nobody."""
    denied = tuple(unreadable(f"/srv/{number}", "Permission denied") for number in range(1000))
    page = make_run_page(make(verdict=Verdict.ATTENTION, problems=denied, problem_count=12_000), language="en", zone=ZONE)

    assert len(as_text(page).splitlines()) < 60
    assert [box.title for box in page.boxes] == [
        "1,000 files or folders were not backed up: access was denied.",
        "11,000 more problems stand only in the log.",
    ]
    assert page.boxes[0].more == "and 990 more"


def test_names_are_listed_while_they_are_few() -> None:
    """Of one folder with many the first of them, of several folders how many there are in each."""
    one = changes(*many("new", "/srv", 40, 1, 10))
    several = changes(*many("new", "/srv", 40, 2, 10))
    socket = changes(ItemDone("/run/x", "skipped", "socket"))
    (names,) = make_run_page(make(changes=one), language="en").sections
    (places,) = make_run_page(make(changes=several), language="en").sections
    (skipped,) = make_run_page(make(changes=socket), language="en").sections

    assert (len(names.lines), names.more) == (12, "and 28 more in /srv/000/")
    assert [line.path for line in places.lines] == ["/srv/000/", "/srv/001/"]
    assert places.lines[0].remark == "20 files, 390 B"
    assert skipped.title == "Skipped: 1 file"


def test_what_is_not_backed_up_comes_before_what_is() -> None:
    """And before all that, what ended the run."""
    page = make_run_page(SAMPLES["line"], language="en", zone=ZONE)

    assert [box.title for box in page.boxes] == [
        "The line to the server broke.",
        "2 files or folders were not backed up: access was denied.",
        "One file was written to while it was being saved: its copy may mix old and new contents.",
    ]


@pytest.mark.parametrize(
    ("record", "subject"),
    [
        (SAMPLES["ok"], "[OK] daten on server01: 1,204 new, 37 changed, 3.1 GB"),
        (SAMPLES["nothing-new"], "[OK] daten on server01: nothing new"),
        (SAMPLES["line"], "[ERROR] home on server01: broke off at 61 %, nothing lost"),
        (SAMPLES["login"], "[ERROR] home on server01: The server does not let this computer in"),
        (SAMPLES["window"], "[INTERRUPTED] home on server01: broke off at 42 %, nothing lost"),
        (SAMPLES["away"], "[LEFT OUT] home on server01: The target did not answer"),
        (SAMPLES["check"], "[ERROR] daten on server01 (check): The repository is damaged"),
    ],
)
def test_the_subject_says_it_all(record: RunRecord, subject: str) -> None:
    """Most mails are never opened."""
    assert make_subject(record) == subject


def test_a_subject_is_never_too_long() -> None:
    """Whatever the names are."""
    assert len(make_run_page(make(host="h" * 500), is_test=True, zone=ZONE).subject) <= LONGEST


def test_nothing_lost_is_said_only_where_it_is_true() -> None:
    """A damaged repository at 61 % is no such case."""
    record = make(verdict=Verdict.ERROR, problems=(), stopped_by=SAMPLES["check"].problems[0], share_reached=0.61)

    assert "nothing lost" not in make_subject(record)


def test_making_a_report_leaves_the_language_alone() -> None:
    """The daemon's own log goes on in the user's."""
    make_run_page(SAMPLES["ok"], language="de", zone=ZONE)

    assert current_language() == "en"


def test_a_problem_is_told_once() -> None:
    """Two attempts at the same file are one line."""
    page = make_run_page(make(verdict=Verdict.ATTENTION, problems=(PROBLEMS[1],) * 2, problem_count=2), zone=ZONE)

    assert len(page.boxes[0].lines) == 1
