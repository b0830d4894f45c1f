"""Causes are found by what the engine says, in whatever language it says it."""

import importlib.util
import inspect
from typing import Any

import pytest

from gdp.core import errors
from gdp.core.errors import GdpError, StorageFull, StorageUnreachable
from gdp.core.language import speaking, translate
from gdp.model.backup_set import ReportMode
from gdp.model.run import RunRecord, Trouble, plain_facts
from gdp.model.runs import Kind
from gdp.report import causes, stops
from gdp.report.cause import Cause
from gdp.report.digest import Hears, decide
from gdp.report.recognise import every_template, find_cause
from tests.conftest import PROJECT
from tests.report.samples import SAMPLES, error_trouble, unreadable

ALL = {name: cause for name, cause in vars(causes).items() if isinstance(cause, Cause)}


def marked() -> set[str]:
    """Return every sentence of the program that is marked for translation."""
    where = importlib.util.spec_from_file_location("catalogue", PROJECT / ".ci" / "catalogue.py")
    assert where is not None
    assert where.loader is not None
    module: Any = importlib.util.module_from_spec(where)
    where.loader.exec_module(module)
    return {message.id for message in module.extract() if isinstance(message.id, str)}


def test_every_template_is_still_the_engines() -> None:
    """A sentence that was reworded would silently lose its cause."""
    assert set(every_template()) - marked() == set()


@pytest.mark.parametrize(
    "name", [name for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, GdpError)]
)
def test_every_class_of_error_has_a_cause(name: str) -> None:
    """But the root, of which nothing is known."""
    cause = find_cause(Trouble("{x}", {"x": 1}, error_class=name))

    assert (cause is causes.OTHER) == (name == "GdpError")


@pytest.mark.parametrize(
    ("trouble", "cause"),
    [
        (unreadable("/x", "Permission denied"), causes.PERMISSION),
        (unreadable("/x", "Operation not permitted"), causes.PERMISSION),
        (unreadable("/x", "No such file or directory"), causes.VANISHED),
        (unreadable("/x", "it is no longer a regular file"), causes.VANISHED),
        (unreadable("/x", "Input/output error"), causes.IO_ERROR),
        (unreadable("/x", "Stale file handle"), causes.SHARE_AWAY),
        (unreadable("/x", "Zugriff verweigert"), causes.UNREADABLE),
        (Trouble("does not exist", path="/x"), causes.SOURCE_MISSING),
        (stops.clock_set(90), causes.CLOCK),
        (stops.clock_set(-90), causes.CLOCK),
        (stops.computer_off(9), causes.COMPUTER_OFF),
        (stops.PAUSED, causes.PAUSED),
        (stops.SILENT, causes.SILENT),
        (Trouble("Something new happened"), causes.OTHER),
        (stops.died(-9), causes.MEMORY),
        (stops.died(1), causes.PROGRAM),
        (stops.command_failed("x", 1), causes.COMMAND_FAILED),
        (error_trouble(GdpError("{path}: {reason}", path="/tmp/x", reason="No space left on device")), causes.LOCAL_FULL),
        (
            error_trouble(StorageFull("no room left on {location} for {path}", location="s", path="p", reason="quota")),
            causes.TARGET_FULL,
        ),
        (
            error_trouble(StorageFull("no room left for {path}: {reason}", path="p", reason="Disk quota exceeded")),
            causes.QUOTA,
        ),
        (
            error_trouble(StorageUnreachable("{host}, port {port}, cannot be reached: {reason}", host="h", port=1, reason="x")),
            causes.UNREACHABLE,
        ),
    ],
)
def test_causes(trouble: Trouble, cause: Cause) -> None:
    """The real ones."""
    assert find_cause(trouble) is cause


def test_the_innermost_error_counts() -> None:
    """After many attempts, what the last one said is the cause."""
    inner = StorageFull("no room left on {location} for {path}", location="s", path="p")
    outer = StorageUnreachable(
        "{location} stayed out of reach: {attempts} attempts in {minutes} minutes; the last one said: {reason}",
        location="s",
        attempts=3,
        minutes=1,
        reason=inner,
    )

    assert find_cause(error_trouble(outer)) is causes.TARGET_FULL
    assert (
        find_cause(Trouble("lock {name} is left in the repository: {reason}", plain_facts({"reason": outer})))
        is causes.TARGET_FULL
    )


def test_what_a_check_says_is_about_the_repository() -> None:
    """It has many sentences for it."""
    assert find_cause(Trouble("pack {pack} is missing"), Kind.CHECK) is causes.DAMAGED


@pytest.mark.parametrize("name", ALL)
def test_a_cause_says_what_to_do(name: str) -> None:
    """In both languages, as whole sentences."""
    cause = ALL[name]
    with speaking("de"):
        german = [translate(text) for text in (cause.title, cause.step, cause.several) if text]
    english = [text for text in (cause.title, cause.step, cause.several) if text]

    assert all(text.endswith(".") for text in english + german)
    assert not set(german) & set(english)
    assert not cause.several or "{count}" in cause.several


def test_every_stop_has_a_cause() -> None:
    """The daemon may name any of them."""
    for stop in (value for value in vars(stops).values() if isinstance(value, Trouble)):
        assert find_cause(stop) is not causes.OTHER


@pytest.mark.parametrize(
    ("sample", "mode", "hears"),
    [
        ("ok", ReportMode.EVERY_RUN, Hears.AT_ONCE),
        ("ok", ReportMode.PROBLEMS, Hears.NEVER),
        ("ok", ReportMode.DAILY, Hears.IN_SUMMARY),
        ("attention", ReportMode.PROBLEMS, Hears.AT_ONCE),
        ("line", ReportMode.PROBLEMS, Hears.AT_ONCE),
        ("line", ReportMode.DAILY, Hears.IN_SUMMARY),
        ("window", ReportMode.PROBLEMS, Hears.AT_ONCE),
        ("away", ReportMode.PROBLEMS, Hears.AT_ONCE),
        ("overlap", ReportMode.PROBLEMS, Hears.NEVER),
        ("overlap", ReportMode.EVERY_RUN, Hears.NEVER),
    ],
)
def test_who_hears_of_what(sample: str, mode: ReportMode, hears: Hears) -> None:
    """Too many mails are read as little as none."""
    record: RunRecord = SAMPLES[sample]

    assert decide(mode, record) is hears
