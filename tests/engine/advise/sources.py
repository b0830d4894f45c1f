"""Sources for tests of the adviser: of every size class, with copies, text and noise; the same bytes each time."""

import random
import shutil
from pathlib import Path

from gdp.core.compress import Compression
from gdp.engine.advise.census import SAMPLE_BYTES, count_sources
from gdp.engine.advise.measured import Line, Measured
from gdp.engine.advise.sample import read_sample
from gdp.engine.archive.options import BackupOptions
from gdp.model.events import Emit, ignore_events

MIB = 1 << 20
WORDS = (b"transfer", b"block", b"data", b"centre", b"sent", b"again", b"line", b"breaks", b"clock", b"jumps")


def text(size: int, chance: random.Random) -> bytes:
    """Return something that compresses like a log."""
    lines = (b"%d %s" % (chance.getrandbits(40), b" ".join(chance.choices(WORDS, k=6))) for _ in range(size // 30))
    return b"\n".join(lines)[:size]


def make_sources(folder: Path) -> Path:
    """Make about 75 MB: small files twice, pictures, a database with repetitions, a log."""
    chance = random.Random(3)
    small = folder / "office"
    small.mkdir(parents=True)
    for number in range(400):
        (small / f"letter-{number}").write_bytes(text(chance.randrange(200, 20_000), chance))
    shutil.copytree(small, folder / "office-copy")
    for number in range(20):
        (folder / f"picture-{number}").write_bytes(chance.randbytes(chance.randrange(100_000, 900_000)))
    page = chance.randbytes(6 * MIB)
    (folder / "database").write_bytes(page + chance.randbytes(9 * MIB) + page + chance.randbytes(4 * MIB))
    (folder / "log").write_bytes(text(12 * MIB, chance))
    (folder / "image").write_bytes(bytes(8 * MIB) + text(6 * MIB, chance) + bytes(8 * MIB))
    return folder


def make_many(folder: Path) -> Path:
    """Make about 65 MB of which no file stands out: letters twice, pictures, documents, a log."""
    chance = random.Random(4)
    office = folder / "office"
    office.mkdir(parents=True)
    for number in range(400):
        (office / f"letter-{number}").write_bytes(text(chance.randrange(200, 20_000), chance))
    for number in range(40):
        (office / f"picture-{number}").write_bytes(chance.randbytes(chance.randrange(100_000, 900_000)))
        (folder / f"document-{number}").write_bytes(text(chance.randrange(100_000, 900_000), chance))
    shutil.copytree(office, folder / "office-copy")
    (folder / "log").write_bytes(text(24 * MIB, chance))
    return folder


def measure(
    *sources: Path,
    sample_bytes: int = SAMPLE_BYTES,
    salt: bytes = b"salt",
    emit: Emit = ignore_events,
    compression: Compression = Compression.AUTO,
) -> Measured:
    """Measure sources; the line is made up."""
    options = BackupOptions(sources=[str(source).encode() for source in sources])
    census, pieces = count_sources(options, emit, sample_bytes=sample_bytes, salt=salt)
    sample = read_sample(pieces, compression, emit, most_seconds=3600)
    return Measured(census, sample, Line(1e6, 0.1), memory_bytes=16 << 30, processors=2)
