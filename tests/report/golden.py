"""What reports look like, kept as files: ``python -m tests.report.golden`` writes them anew, to be read before they are kept."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from gdp.report.digest import make_digest
from gdp.report.html import as_html
from gdp.report.page import Page
from gdp.report.run_page import make_run_page
from gdp.report.text import as_text
from tests.report.samples import SAMPLES, SILENT, TRIED, ZONE

FOLDER = Path(__file__).parent / "golden"
IN_HTML = {"attention", "digest", "few"}
LANGUAGES = ("de", "en")


def pages(language: str) -> Iterator[tuple[str, Page]]:
    """Yield every sample as a report."""
    for name, record in SAMPLES.items():
        yield name, make_run_page(record, language=language, zone=ZONE, has_log=name == "line", is_test=name == "nothing-new")
    yield "silent", make_digest(SILENT, date(2026, 11, 24), language=language, zone=ZONE)
    yield "tried", make_digest(TRIED, date(2026, 11, 24), language=language, zone=ZONE)
    yield "digest", make_digest(list(SAMPLES.values()), date(2026, 11, 24), language=language, zone=ZONE)


def documents() -> dict[str, str]:
    """Return the files by name."""
    found = {}
    for language in LANGUAGES:
        for name, page in pages(language):
            found[f"{name}.{language}.txt"] = f"{page.subject}\n\n{as_text(page)}"
            if name in IN_HTML:
                found[f"{name}.{language}.html"] = as_html(page)
    return found


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in documents().items():
        (FOLDER / name).write_text(text)
