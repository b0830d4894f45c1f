"""A directory's text from pieces. Readers, restic among them, know it by the hash of every byte."""

import hashlib
import os
import stat

import pytest

from gdp.core.ids import ID_BYTES
from gdp.engine.archive.metadata import Row, encode_file
from gdp.engine.archive.tree_text import LONG_CONTENT_BYTES, is_long, text_bytes, tree_id, tree_pieces, write_out
from gdp.model.node import ExtendedAttribute
from gdp.model.tree import join_nodes

LONG = LONG_CONTENT_BYTES + ID_BYTES
TRICKY = [ExtendedAttribute('user."content":[]', "eA==")]


def row(name: bytes, content: bytes) -> Row:
    return Row(name, stat.S_IFREG | 0o644, 1, 2, 3, 4, 5, 6, len(content), 1, 0)


@pytest.mark.parametrize(
    "sizes", [[], [0], [LONG], [32, LONG, 64, 3 * LONG], [LONG, LONG], [LONG_CONTENT_BYTES, 32], [0, LONG, 0]], ids=str
)
@pytest.mark.parametrize("attributes", [None, TRICKY])
def test_pieces_are_the_text(sizes: list[int], attributes: list[ExtendedAttribute] | None) -> None:
    """Whichever of the contents are long, and whatever else the nodes hold."""
    contents = [os.urandom(size) for size in sizes]
    names = [b'"content":[]%d' % number for number in range(len(sizes))]
    rows = [row(name, content) for name, content in zip(names, contents, strict=True)]
    pieces = tree_pieces(
        [encode_file(row, attributes, b"" if is_long(content) else content) for row, content in zip(rows, contents, strict=True)],
        {place: content for place, content in enumerate(contents) if is_long(content)},
    )
    whole = join_nodes([encode_file(row, attributes, content) for row, content in zip(rows, contents, strict=True)])

    assert b"".join(write_out(pieces)) == whole
    assert text_bytes(pieces) == len(whole)
    assert tree_id(pieces) == hashlib.sha256(whole).digest()


def test_a_long_content_travels_as_ids() -> None:
    """That is what it is for: half the memory, in each place it passes."""
    content = os.urandom(100 * LONG)
    pieces = tree_pieces([encode_file(row(b"image", content), None, b"")], {0: content})

    assert sum(len(piece) if isinstance(piece, bytes) else len(piece[0]) for piece in pieces) < len(content) + 1000
