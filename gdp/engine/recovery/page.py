"""A recovery sheet on the terminal: the same as on paper, in lines of 80 columns where they can be."""

import textwrap

from gdp.engine.recovery.paper import command_lines
from gdp.engine.recovery.qr import half_blocks, qr_rows
from gdp.engine.recovery.words import sheet_words
from gdp.model.recovery_sheet import RecoverySheet

COLUMNS = 79


def sheet_page(sheet: RecoverySheet) -> list[str]:
    """Return the lines. They hold the password."""
    words = sheet_words(sheet)
    numbers = "".join(str(number).center(len(group) + 1) for number, group in enumerate(sheet.password.split("-"), 1))
    width = max(len(label) for label, _value in words.facts)
    lines = [words.title, "", *_wrap(words.purpose), ""]
    lines += [f"    {words.password_label}:  {sheet.password}"]
    lines += [" " * (len(words.password_label) + 7) + numbers.rstrip(), *_wrap(words.password_note), ""]
    lines += [line for label, value in words.facts for line in _fact(label.ljust(width + 2), value)]
    lines += ["", words.with_gdp_title, *(line for text in words.with_gdp for line in _wrap(text, "  "))]
    lines += ["", words.without_title, *(line for text in words.without for line in _wrap(text, "  "))]
    lines += [f"    {line}" for command in sheet.restic_commands for line in command_lines(command, COLUMNS - 4)]
    lines += ["", words.about_title, *(line for text in words.about for line in _wrap(text, "  "))]
    return [*lines, "", words.qr_note, *half_blocks(qr_rows(sheet.qr_text, error="L"))]


def _fact(label: str, value: str) -> list[str]:
    """Return a label and its value. A host key is compared by eye, so its fingerprint stays whole and in sight."""
    first, *others = _wrap(value, " " * len(label))
    return [label + first.lstrip(), *others]


def _wrap(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text, COLUMNS, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False
    )
