"""A recovery sheet on paper: DIN A4, black on white, with folding marks and page numbers."""

from gdp.core.pdf import HEIGHT, MILLIMETRE, WIDTH, Font, Page, encode_pdf, mono, sans, wrap
from gdp.engine.recovery.qr import BORDER, qr_rows
from gdp.engine.recovery.words import SheetWords, sheet_words
from gdp.model.recovery_sheet import RecoverySheet

_LEFT, _RIGHT = 25 * MILLIMETRE, WIDTH - 20 * MILLIMETRE
_TOP, _BOTTOM = 18 * MILLIMETRE, HEIGHT - 20 * MILLIMETRE
_BRAND, _QUIET = "0B5D6B", "475467"
_QR_SIZE = 50 * MILLIMETRE
_MARKS = (105, 148.5, 210)  # millimetres from above: fold, punch, fold (DIN 5008, form B)
_PASSWORD = mono(18, bold=True)
_TITLE, _HEADING, _BODY, _SMALL, _TYPED = sans(22, bold=True), sans(11.5, bold=True), sans(10), sans(8), mono(9)
_TYPED_SIZES = (9.0, 8.0, 7.0, 6.0)
_LEADING = 1.35


def sheet_pdf(sheet: RecoverySheet, language: str) -> bytes:
    """Return the sheet as a PDF file. ``language``: the code of the one that sentences come in."""
    words = sheet_words(sheet)
    flow = _Flow()
    flow.line(words.title, _TITLE)
    flow.y += 5
    flow.paragraph(words.purpose, _BODY, after=10)
    _draw_password(flow, sheet.password, words)
    _draw_facts(flow, sheet, words)
    flow.section(words.with_gdp_title, words.with_gdp)
    flow.section(words.without_title, words.without)
    for command in sheet.restic_commands:
        _draw_command(flow, command)
    flow.section(words.about_title, words.about)
    for number, page in enumerate(flow.pages, 1):
        _draw_frame(page, number, len(flow.pages), language)
    return encode_pdf(flow.pages, f"{words.title} {sheet.set_name}".strip(), language)


def command_lines(words: list[str], columns: int) -> list[str]:
    """Return a command in lines of a shell that fit, where its words allow it."""
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + 1 + len(word) + 2 <= columns:
            lines[-1] += f" {word}"
        else:
            lines[-1] += " \\"
            lines.append(f"    {word}")
    return lines


def _draw_command(flow: "_Flow", words: list[str]) -> None:
    """In the largest type in which no word has to be broken, since a shell would read two."""
    width = _RIGHT - _LEFT - 8
    longest = max(map(len, words)) + len("    " + " \\")
    font = next((font for font in map(mono, _TYPED_SIZES) if font.width("x") * longest <= width), mono(_TYPED_SIZES[-1]))
    for line in command_lines(words, int(width / font.width("x"))):
        flow.line(line, font, indent=8)
    flow.y += 4


class _Flow:
    """Pages that fill from above."""

    def __init__(self) -> None:
        self.pages = [Page()]
        self.y = _TOP + 26

    @property
    def page(self) -> Page:
        return self.pages[-1]

    def room(self, height: float) -> None:
        """Begin a new page where so much does not fit any more."""
        if self.y + height > _BOTTOM:
            self.pages.append(Page())
            self.y = _TOP + 26

    def line(self, text: str, font: Font, *, indent: float = 0, colour: str = "000000", width: float = _RIGHT - _LEFT) -> None:
        for part in wrap(text, font, width - indent) if font.width(text) > width - indent else [text]:
            self.room(font.size * _LEADING)
            self.y += font.size * _LEADING
            self.page.text(_LEFT + indent, self.y, part, font, colour)

    def paragraph(self, text: str, font: Font, *, after: float = 4, width: float = _RIGHT - _LEFT) -> None:
        for part in wrap(text, font, width):
            self.line(part, font)
        self.y += after

    def section(self, title: str, paragraphs: list[str]) -> None:
        self.room(60)
        self.y += 12
        self.line(title, _HEADING)
        self.y += 2
        for text in paragraphs:
            self.paragraph(text, _BODY)


def _draw_password(flow: _Flow, password: str, words: SheetWords) -> None:
    """The password in a frame, with the number of each group beneath it."""
    top, height, inset = flow.y, 62.0, 10.0
    width = _RIGHT - _LEFT
    for x, y, wide, high in (
        (_LEFT, top, width, 0.8),
        (_LEFT, top + height, width, 0.8),
        (_LEFT, top, 0.8, height),
        (_RIGHT - 0.8, top, 0.8, height),
    ):
        flow.page.box(x, y, wide, high)
    flow.page.text(_LEFT + inset, top + 14, words.password_label, _SMALL, _QUIET)
    flow.page.text(_LEFT + inset, top + 36, password, _PASSWORD)
    x = _LEFT + inset
    for number, group in enumerate(password.split("-"), 1):
        middle = x + _PASSWORD.width(group) / 2 - _SMALL.width(str(number)) / 2
        flow.page.text(middle, top + 50, str(number), _SMALL, _QUIET)
        x += _PASSWORD.width(group + "-")
    flow.y = top + height + 6
    flow.paragraph(words.password_note, _SMALL, after=8)


def _draw_facts(flow: _Flow, sheet: RecoverySheet, words: SheetWords) -> None:
    """The facts at the left, the code at the right."""
    top = flow.y
    _draw_code(flow.page, sheet.qr_text, _RIGHT - _QR_SIZE, top)
    for number, part in enumerate(wrap(words.qr_note, _SMALL, _QR_SIZE)):
        flow.page.text(_RIGHT - _QR_SIZE, top + _QR_SIZE + 11 + number * 10, part, _SMALL, _QUIET)
    page = flow.page
    for label, value in words.facts:
        flow.line(label, _SMALL, colour=_QUIET)
        width = _RIGHT - _LEFT - _QR_SIZE - 14
        flow.line(value, _TYPED if _TYPED.width(value) <= width else mono(8), width=width)
        flow.y += 3
    if flow.page is page:
        flow.y = max(flow.y, top + _QR_SIZE + 22)


def _draw_code(page: Page, text: str, x: float, y: float) -> None:
    rows = qr_rows(text, error="M")
    module = _QR_SIZE / len(rows)
    for down, row in enumerate(rows):
        begin = 0
        while begin < len(row):  # one box for each run of dark modules, so that no hairlines show between them
            end = begin
            while end < len(row) and row[end]:
                end += 1
            if end > begin:
                page.box(x + begin * module, y + down * module, (end - begin) * module, module)
            begin = end + 1
    assert module * BORDER < 14  # the free space at its left


def _draw_frame(page: Page, number: int, of: int, language: str) -> None:
    page.text(_LEFT, _TOP + 8, "GlobalDataProtect", sans(11, bold=True), _BRAND)
    page.box(_LEFT, _TOP + 15, _RIGHT - _LEFT, 1, _BRAND)
    word = f"Seite {number} von {of}" if language == "de" else f"Page {number} of {of}"
    page.text(_RIGHT - _SMALL.width(word), _BOTTOM + 22, word, _SMALL, _QUIET)
    for millimetres in _MARKS:
        page.box(5 * MILLIMETRE, millimetres * MILLIMETRE, (6 if millimetres == 148.5 else 4) * MILLIMETRE, 0.4, _QUIET)
