"""A directory's JSON on its way to the worker that stores it.

The list of a file's blocks takes 67 bytes a block as JSON and 32 as ids. A long one therefore is left out of the file's node,
travels as ids, and is written out only where the text is hashed or stored.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from gdp.core.ids import ID_BYTES
from gdp.engine.archive.metadata import Ids, hex_ids
from gdp.model.tree import TREE_BEGINS, TREE_ENDS, join_nodes

Piece = bytes | tuple[Ids]
"""JSON; or, alone in a tuple, blob ids joined, to be written as the members of a list"""
LONG_CONTENT_BYTES = 64 << 10  # two thousand blocks
_PIECE_BYTES = 64 << 10  # of ids that are written out at a time
_JSON_BYTES_AN_ID = 2 * ID_BYTES + 3  # with quotes and comma
_NO_CONTENT, _CONTENT_BEGINS, _CONTENT_ENDS = b'"content":[]', b'"content":["', b'"]'


def is_long(content: Ids) -> bool:
    """Say whether a file's blob ids are to be left out of its node."""
    return len(content) > LONG_CONTENT_BYTES


def tree_pieces(nodes: Sequence[bytes], left_out: Mapping[int, Ids]) -> list[Piece]:
    """Return the text of a directory from its nodes' JSON.

    Args:
        nodes: in ascending order of their raw names.
        left_out: of nodes that were made without their content, by place: the blob ids, joined.
    """
    if not left_out:
        return [join_nodes(nodes)]
    pieces: list[Piece] = []
    text = bytearray(TREE_BEGINS)
    for place, node in enumerate(nodes):
        text += b"," if place else b""
        if place in left_out:
            # It is there once: within a JSON string its quotes would be escaped.
            before, after = node.split(_NO_CONTENT)
            pieces += (bytes(text + before + _CONTENT_BEGINS), (left_out[place],))
            text = bytearray(_CONTENT_ENDS + after)
        else:
            text += node
    return [*pieces, bytes(text + TREE_ENDS)]


def write_out(pieces: Sequence[Piece]) -> Iterator[bytes]:
    """Yield the text, a little at a time."""
    for piece in pieces:
        if isinstance(piece, bytes):
            yield piece
            continue
        (content,) = piece
        for start in range(0, len(content), _PIECE_BYTES):
            yield (b'","' if start else b"") + hex_ids(content[start : start + _PIECE_BYTES]).encode()


def text_bytes(pieces: Sequence[Piece]) -> int:
    """Return the length of the text."""
    # The first and the last quote of a content are not in its piece, and it has a comma less than ids.
    return sum(len(piece) if isinstance(piece, bytes) else len(piece[0]) // ID_BYTES * _JSON_BYTES_AN_ID - 3 for piece in pieces)


def tree_id(pieces: Sequence[Piece]) -> bytes:
    """Return the id of the directory: the SHA-256 of its text."""
    digest = hashlib.sha256()
    for text in write_out(pieces):
        digest.update(text)
    return digest.digest()
