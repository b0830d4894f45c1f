"""Nodes of files as they are made by the tens of thousands: the quick way gives what the plain way gives."""

import stat
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gdp.engine.archive.metadata import Row, encode_file, make_node
from gdp.model.node import ExtendedAttribute
from gdp.model.tree import decode_tree, encode_node, join_nodes

numbers = st.sampled_from([0, 1, 1 << 31, 1 << 63])
names = st.one_of(st.binary(min_size=1, max_size=30), st.text(min_size=1, max_size=10).map(lambda text: text.encode()))
rows = st.builds(
    Row,
    name=names,
    mode=st.sampled_from([0, 0o644, 0o7777, 0o1000]).map(lambda bits: bits | stat.S_IFREG),
    mtime_ns=st.integers(-(1 << 62), 1 << 62),
    ctime_ns=st.integers(-(1 << 62), 1 << 62),
    uid=st.sampled_from([0, 1, 4_000_000]),
    gid=st.sampled_from([0, 1, 4_000_000]),
    inode=numbers,
    device_id=numbers,
    size=numbers,
    links=numbers,
    device=st.just(0),
)
contents = st.lists(st.binary(min_size=32, max_size=32), max_size=4).map(b"".join)


@settings(deadline=None, max_examples=1000)
@given(rows, contents, st.sampled_from([None, [ExtendedAttribute("user.comment", "Zw==")]]))
def test_the_quick_way_is_the_plain_way_to_the_byte(row: Row, content: bytes, attributes: Any) -> None:
    """A tree's id is the hash of its JSON, so one byte apart is another tree."""
    node = make_node(row, attributes, content=content)
    encoded = encode_file(row, attributes, content)

    assert encoded == encode_node(node)
    assert decode_tree(join_nodes([encoded])) == [node]
