"""A report as plain text, for readers that show nothing else: at most 78 columns, save where a path is longer. Pure."""

import textwrap
from collections.abc import Iterator

from gdp.core.language import N_, speaking, translate
from gdp.report.page import Box, Page, Row, Section

COLUMNS = 78
_RULE = "-" * COLUMNS


def as_text(page: Page) -> str:
    """Return it, ending with a line end."""
    with speaking(page.language):
        blocks = [*_top(page), *map(_box, page.boxes), _table(page.rows), page.outlook, *map(_section, page.sections)]
        blocks.append(f"-- \n{_wrapped(page.footer)}")
    return "\n\n".join(block for block in blocks if block) + "\n"


def _top(page: Page) -> Iterator[str]:
    if page.notice:
        yield _wrapped(page.notice)
    yield _wrapped(f"{page.tone.sign} {page.headline}", "  ")
    if page.detail:
        yield _wrapped(page.detail)


def _box(box: Box) -> str:
    lines = [_RULE, _wrapped(f"{box.tone.sign} {box.title}", "  ")]
    if box.step:
        lines.append(_wrapped(f"  {translate(N_('What to do:'))} {box.step}", "  "))
    if box.lines:
        lines.append("")
    for line in box.lines:
        if line.path:
            lines.append(f"    {line.path}")
        if line.remark:
            lines.append(_wrapped(f"      {line.remark}", "      ") if line.path else _wrapped(f"    {line.remark}", "    "))
    if box.more:
        lines.append(_wrapped(f"    {box.more}", "    "))
    return "\n".join(lines)


def _section(section: Section) -> str:
    """Return paths with their remarks behind them, or below where a line would be too long."""
    lines = [_RULE, _wrapped(section.title)]
    for line in section.lines:
        whole = f"    {line.path}  {line.remark}"
        lines += [whole] if len(whole) <= COLUMNS else [f"    {line.path}", _wrapped(f"      {line.remark}", "      ")]
    return "\n".join([*lines, *([_wrapped(f"    {section.more}", "    ")] if section.more else [])])


def _table(rows: tuple[Row, ...]) -> str:
    """Return labels and values in two columns; a value that does not fit goes on below itself."""
    if not rows:
        return ""
    labels = [f"{row.tone.sign} {row.label}" if row.tone else row.label for row in rows]
    width = min(max(map(len, labels)), COLUMNS // 2)
    told = []
    for label, row in zip(labels, rows, strict=True):
        first = f"{label:<{width}}  "
        told.append(_wrapped(f"{first}{row.value}", " " * (width + 2)))
    return "\n".join([_RULE, *told])


def _wrapped(text: str, indent: str = "") -> str:
    """Return text broken at spaces only, so that what is to be typed or found stays whole."""
    lead = text[: len(text) - len(text.lstrip(" "))]
    return textwrap.fill(
        text.lstrip(" "), COLUMNS, initial_indent=lead, subsequent_indent=indent,
        break_long_words=False, break_on_hyphens=False, drop_whitespace=True,
    )  # fmt: skip
