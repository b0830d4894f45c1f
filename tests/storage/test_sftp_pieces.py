"""Bytes between the packets of SSH and the messages of SFTP, whose borders have nothing to do with each other."""

from hypothesis import given
from hypothesis import strategies as st

from gdp.storage.sftp_pieces import Pieces, join


@given(st.lists(st.binary(max_size=9)), st.lists(st.integers(0, 12)))
def test_bytes_come_out_in_the_order_in_which_they_went_in(pieces: list[bytes], sizes: list[int]) -> None:
    """Whatever the borders on either side are."""
    queue, rest = Pieces(pieces), b"".join(pieces)
    for size in sizes:
        if size > queue.size:
            queue.add([b"more", b"", b"and more"])
            rest += b"moreand more"
        size = min(size, queue.size)

        assert join(queue.take(size)) == rest[:size]
        rest = rest[size:]
        assert queue.size == len(rest)


def test_what_came_in_one_is_not_copied() -> None:
    """Restores of large files live on it."""
    data = b"0123456789"
    queue = Pieces([data])

    assert queue.take_joined(3).obj is data
    assert queue.take_joined(7).obj is data
