"""What stands on the sheet, whatever addresses and names are like."""

import re
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdp.core.typed_password import make_password
from gdp.engine.recovery.page import sheet_page
from gdp.engine.recovery.paper import command_lines, sheet_pdf
from gdp.engine.recovery.qr import half_blocks, qr_rows
from gdp.model.recovery_sheet import RecoverySheet
from gdp.model.target import LocalTarget, SftpTarget

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60)


def drawn(pdf: bytes) -> list[bytes]:
    """Return the content of each page."""
    return [zlib.decompress(stream) for stream in re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL)]


@settings(max_examples=30, deadline=None)
@given(NAMES, NAMES, st.integers(0, 400))
def test_every_sheet_can_be_made_and_stays_on_the_paper(name: str, host: str, longer: int) -> None:
    """Names in any script, and addresses of any length."""
    sheet = RecoverySheet(
        password=make_password(),
        repo=SftpTarget("storage.example.com", "/srv" + "/folder" * longer, "backup", 2222),
        host_key="ssh-ed25519 SHA256:" + "x" * 43,
        set_name=name,
        host=host,
        tag=f"set:{name}",
        key_name="ab" * 32,
    )
    if len(sheet.qr_text) > 2000:
        return
    pages = drawn(sheet_pdf(sheet, "en"))
    places = [float(place) for page in pages for place in re.findall(rb"Tf [\d.]+ (-?[\d.]+) Td", page)]

    assert f"Page {len(pages)} of {len(pages)}".encode() in pages[-1]
    assert sheet.password.encode() in pages[0]
    assert all(20 < place < 820 for place in places)
    assert sheet.password in "\n".join(sheet_page(sheet))


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_host_key_is_in_sight_in_80_columns(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is compared by eye at the first contact: its fingerprint stands whole in one line."""
    monkeypatch.setenv("GDP_LANGUAGE", language)
    fingerprint = "SHA256:" + "x" * 43
    sheet = RecoverySheet(
        password=make_password(), repo=SftpTarget("h", "/srv", "u", None), host_key=f"ssh-ed25519 {fingerprint}",
        set_name="daten", host="server01", tag="set:daten", key_name="ab" * 32,
    )  # fmt: skip
    page = sheet_page(sheet)

    assert [line.strip() for line in page if fingerprint in line] == [fingerprint]
    assert max(map(len, page)) < 80


def test_the_code_is_drawn_as_it_is() -> None:
    """Two rows in a line of the terminal, with a free border around."""
    rows = qr_rows("gdp", error="L")
    lines = half_blocks(rows)
    light = {"█": (True, True), "▀": (True, False), "▄": (False, True), " ": (False, False)}
    read = [[not light[mark][half] for mark in line] for line in lines for half in (0, 1)]

    assert [row[2:-2] for row in read[2 : 2 + len(rows)]] == rows
    assert not any(read[0])
    assert not any(row[0] or row[-1] for row in read[: len(rows) + 4])


def test_commands_are_broken_between_words_only() -> None:
    """Where a shell goes on reading."""
    lines = command_lines(["restic", "-r", "x" * 30, "restore", "latest"], 40)

    assert " ".join(line.removesuffix("\\").strip() for line in lines) == f"restic -r {'x' * 30} restore latest"
    assert all(line.endswith("\\") for line in lines[:-1])
    assert all(len(line) <= 40 for line in lines)


def test_a_folder_has_no_host_key(tmp_path: Path) -> None:
    """Nor the sentence about one."""
    said = "\n".join(sheet_page(RecoverySheet(password=make_password(), repo=LocalTarget(tmp_path))))

    assert "ost key" not in said
    assert str(tmp_path) in said
