"""The data sets of the benchmark. The same scale gives the same bytes; nothing is downloaded.

=======  ==============================================================================================
name     what
=======  ==============================================================================================
small    50,000 files, 0.5 GB: sizes log-normal (median 2.5 kB, at most 2 MiB); text, noise, mixtures, twins
large    6 files, 4.6 GB: noise, log, database pages, a disk image with zeros, repetition and noise, twins
=======  ==============================================================================================

Text compresses to about a third. ``scale`` multiplies the number of small files and the length of large ones.
"""

import itertools
import json
import math
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

SMALL_FILES = 50_000
SMALL_MEDIAN_BYTES = 2_500
SMALL_SIGMA = 1.7
SMALL_MOST_BYTES = 2 << 20
FILES_A_FOLDER = 20
MIB = 1 << 20
POOL_BYTES = 8 * MIB  # more than one chunk holds, so that pieces of it in one chunk seldom repeat
PIECE_BYTES = 64 << 10
PAGE_BYTES = 8 << 10
LARGE_MIB = {
    "noise.bin": 1400,
    "server.log": 1000,
    "table.db": 900,
    "disk.img": 900,
    "noise-copy.bin": 200,
    "notes.txt": 100,
}
CHANGED_SHARE = 100  # one file in so many changes


def ensure(folder: Path, name: str, scale: float) -> Path:
    """Return the folder of a data set, made if it is not there as wanted."""
    data = folder / f"{name}-{scale:g}"
    stamp = folder / f"{name}-{scale:g}.json"
    if not stamp.exists():
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(parents=True)
        {"small": _make_small, "large": _make_large}[name](data, scale)
        files = [path for path in data.rglob("*") if path.is_file()]
        stamp.write_text(json.dumps({"files": len(files), "bytes": sum(path.stat().st_size for path in files)}))
    return data


def describe(data: Path) -> str:
    """Return how much a data set holds, for the report."""
    facts = json.loads(data.with_name(data.name + ".json").read_text())
    return f"{facts['files']:,} files, {facts['bytes'] / 1e9:.2f} GB"


def warm(data: Path) -> None:
    """Read everything once, so that every measured run finds it in memory."""
    for path in data.rglob("*"):
        if path.is_file():
            with path.open("rb", buffering=0) as stream:
                while stream.read(MIB):
                    pass


def change(data: Path, run: int) -> int:
    """Change one file in a hundred, at least one, each in one place; return how many.

    In a large file a hundredth of its bytes is overwritten.
    """
    chance = random.Random(f"change {run}")
    files = sorted(path for path in data.rglob("*") if path.is_file())
    chosen = chance.sample(files, max(1, len(files) // CHANGED_SHARE))
    for path in chosen:
        size = path.stat().st_size
        with path.open("r+b") as stream:
            stream.seek(chance.randrange(size) if size else 0)
            stream.write(chance.randbytes(max(64, size // CHANGED_SHARE)))
    return len(chosen)


def _make_small(data: Path, scale: float) -> None:
    chance = random.Random("small")
    pool = _text_pool(chance)
    previous = b""
    for number in range(max(1, round(SMALL_FILES * scale))):
        size = min(int(math.exp(chance.gauss(math.log(SMALL_MEDIAN_BYTES), SMALL_SIGMA))), SMALL_MOST_BYTES)
        kind = chance.random()
        if kind < 0.05 and previous:
            content = previous
        elif kind < 0.65:
            content = _text(chance, pool, size)
        elif kind < 0.90:
            content = chance.randbytes(size)
        else:
            content = _text(chance, pool, size // 2) + chance.randbytes(size - size // 2)
        folder = number // FILES_A_FOLDER
        path = data / f"{folder % 16:02d}" / f"{folder % 160:03d}" / f"{folder:05d}"
        path.mkdir(parents=True, exist_ok=True)
        (path / f"file-{number}.dat").write_bytes(content)
        previous = content


def _make_large(data: Path, scale: float) -> None:
    chance = random.Random("large")
    pool = _text_pool(chance)
    makers: dict[str, Callable[[random.Random, bytes], bytes]] = {
        "noise.bin": lambda chance, _pool: chance.randbytes(MIB),
        "server.log": lambda chance, pool: _text(chance, pool, MIB),
        "table.db": _pages,
        "disk.img": _image,
        "notes.txt": lambda chance, pool: _text(chance, pool, MIB),
    }
    for name, length_mib in LARGE_MIB.items():
        count = max(1, round(length_mib * scale))
        if name == "noise-copy.bin":
            _copy_beginning(data / "noise.bin", data / name, count * MIB)
            continue
        with (data / name).open("wb") as stream:
            for _ in range(count):
                stream.write(makers[name](chance, pool))


def _copy_beginning(source: Path, target: Path, length: int) -> None:
    """A copy that begins at another offset: deduplication has to find it by content."""
    with source.open("rb") as reader, target.open("wb") as writer:
        writer.write(b"moved by some bytes")
        while length > 0 and (part := reader.read(min(MIB, length))):
            writer.write(part)
            length -= len(part)


def _text_pool(chance: random.Random) -> bytes:
    words = [bytes(chance.choices(b"etaoinshrdlucmfwyp", k=chance.randrange(2, 11))) for _ in range(4000)]
    weights = list(itertools.accumulate(1 / (rank + 5) for rank in range(len(words))))

    def lines() -> Iterator[bytes]:
        length = 0
        while length < POOL_BYTES:
            line = b"%d " % chance.randrange(10**9) + b" ".join(chance.choices(words, cum_weights=weights, k=12)) + b"\n"
            length += len(line)
            yield line

    return b"".join(lines())


def _text(chance: random.Random, pool: bytes, size: int) -> bytes:
    pieces = []
    while size > 0:
        length = min(PIECE_BYTES, size)
        start = chance.randrange(len(pool) - length)
        pieces.append(pool[start : start + length])
        size -= length
    return b"".join(pieces)


def _pages(chance: random.Random, pool: bytes) -> bytes:
    """Database pages: a header, rows of text, some noise, free space."""
    pages = []
    for number in range(MIB // PAGE_BYTES):
        used = chance.randrange(PAGE_BYTES // 2, PAGE_BYTES - 64)
        rows = _text(chance, pool, used * 2 // 3) + chance.randbytes(used // 3)
        pages.append((b"PAGE%8d" % number + chance.randbytes(16) + rows).ljust(PAGE_BYTES, b"\0"))
    return b"".join(pages)


def _image(chance: random.Random, pool: bytes) -> bytes:
    """A piece of a disk image: free space, files of text, compressed files, the same blocks again."""
    kind = chance.random()
    if kind < 0.3:
        return bytes(MIB)
    if kind < 0.6:
        return _text(chance, pool, MIB)
    if kind < 0.9:
        return chance.randbytes(MIB)
    return pool[:MIB]


def tree_size(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    total = 0
    for where, _folders, files in os.walk(folder):
        total += sum(os.lstat(os.path.join(where, name)).st_size for name in files)
    return total
