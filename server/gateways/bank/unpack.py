"""The XML files in what a bank delivers: one as it is, or several in a ZIP. Everything is read in memory and bounded."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath

from server.domain.sentence import N_
from server.gateways.bank.refused import BankFileRefused

MOST_FILES = 1_000  # a bank's archive of a day has a few for each account
MOST_XML_BYTES = 256 * 2**20  # a statement of 100,000 bookings has about 150 MB
MOST_PACKED_BYTES = 64 * 2**20

_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
_CHUNK = 2**20


def xml_files(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of each XML file. Raises BankFileRefused; whoever calls takes all of them or none.

    Args:
        name: what the file is called, for messages.
        data: its bytes; a ZIP is known by them, not by the name.
    """
    if not data.startswith(_ZIP_STARTS):
        if len(data) > MOST_XML_BYTES:
            raise _too_large(name, MOST_XML_BYTES)
        yield name, data
        return
    if len(data) > MOST_PACKED_BYTES:
        raise _too_large(name, MOST_PACKED_BYTES)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield from _members(name, archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError) as error:
        raise BankFileRefused(N_("{file} is a damaged ZIP archive: {cause}"), file=name, cause=str(error)) from error


def _members(name: str, archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    members = [one for one in archive.infolist() if not one.is_dir()]
    if not members:
        raise BankFileRefused(N_("{file} is an empty ZIP archive."), file=name)
    if len(members) > MOST_FILES:
        raise BankFileRefused(
            N_("{file} holds {count} files; at most {most} are taken."), file=name, count=len(members), most=MOST_FILES
        )
    left = MOST_XML_BYTES
    for member in members:
        within = f"{name}/{member.filename}"
        if PurePosixPath(member.filename).suffix.lower() != ".xml":
            raise BankFileRefused(N_("{file} is no XML file; a bank's archive holds nothing else."), file=within)
        if member.flag_bits & 1:
            raise BankFileRefused(N_("{file} is encrypted."), file=within)
        data = _read(archive, member, left, name)
        left -= len(data)
        yield within, data


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, left: int, name: str) -> bytes:
    """Return a member's bytes; what its header says about their number is not believed."""
    pieces: list[bytes] = []
    with archive.open(member) as stream:
        while piece := stream.read(_CHUNK):
            left -= len(piece)
            if left < 0:
                raise _too_large(name, MOST_XML_BYTES)
            pieces.append(piece)
    return b"".join(pieces)


def _too_large(name: str, most: int) -> BankFileRefused:
    return BankFileRefused(
        N_("{file} is larger than {most} MiB."), N_("Have the bank deliver smaller files, one a day for each account."),
        file=name, most=most // 2**20,
    )  # fmt: skip
