"""A directory's JSON, to the byte as restic writes it, and back."""

from collections.abc import Iterable, Sequence

import msgspec

from gdp.core.errors import DamagedData
from gdp.core.gotext import encode_json
from gdp.core.language import N_
from gdp.model.node import Node

TREE_BEGINS, TREE_ENDS = b'{"nodes":[', b"]}\n"
EMPTY_TREE = TREE_BEGINS + TREE_ENDS


class _Tree(msgspec.Struct):
    nodes: list[Node] | None


_decoder = msgspec.json.Decoder(_Tree)


def encode_tree(nodes: Sequence[Node]) -> bytes:
    """Return the blob of a directory whose nodes are given in ascending order of their raw names."""
    return encode_json(_Tree(list(nodes))) + b"\n" if nodes else EMPTY_TREE


def encode_node(node: Node) -> bytes:
    """Return one node's JSON, for joining with ``join_nodes``."""
    return encode_json(node)


def join_nodes(nodes: Iterable[bytes]) -> bytes:
    """Return the blob of a directory from already encoded nodes, in ascending order of their raw names."""
    return TREE_BEGINS + b",".join(nodes) + TREE_ENDS


def decode_tree(blob: bytes) -> list[Node]:
    """Return a directory's nodes as stored, in stored order. Raises DamagedData.

    Names are not judged here: whoever writes to a disk uses ``checked_name``.
    """
    try:
        return _decoder.decode(blob).nodes or []
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DamagedData(N_("a directory's data cannot be read ({reason})"), reason=str(error)) from error
