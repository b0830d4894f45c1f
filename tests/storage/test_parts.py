"""Parts become requests: none lost, none too large, small ones together, paced ones when they are due."""

from collections.abc import Collection, Iterator

from hypothesis import given
from hypothesis import strategies as st

from gdp.storage.contract import Buffer
from gdp.storage.parts import count_bytes, cut_requests


class Paced(Collection[Buffer]):
    """Parts that may be iterated only once."""

    total_bytes = 5
    is_paced = True

    def __init__(self) -> None:
        self.iterations = 0

    def __len__(self) -> int:
        return 2

    def __contains__(self, part: object) -> bool:
        return False

    def __iter__(self) -> Iterator[Buffer]:
        self.iterations += 1
        yield from (b"ab", b"cde")


@given(st.lists(st.binary(max_size=40)), st.integers(1, 50))
def test_requests_hold_all_bytes_in_order_and_are_full(parts: list[bytes], largest: int) -> None:
    """Each costs the same to send, so only the last may be small."""
    requests = [b"".join(pieces) for pieces in cut_requests(parts, lambda: largest)]

    assert b"".join(requests) == b"".join(parts)
    assert all(len(request) == largest for request in requests[:-1])
    assert all(0 < len(request) <= largest for request in requests[-1:])


def test_paced_parts_are_sent_as_they_come_and_never_only_counted() -> None:
    """Counting them would wait for the line without sending anything."""
    parts = Paced()

    assert count_bytes(parts) == 5
    assert parts.iterations == 0
    assert [b"".join(pieces) for pieces in cut_requests(parts, lambda: 100)] == [b"ab", b"cde"]


def test_views_of_wider_items_are_counted_in_bytes() -> None:
    """`len` of a memoryview counts items."""
    view = memoryview(bytes(16)).cast("I")

    assert count_bytes([view]) == 16
    assert [sum(map(len, pieces)) for pieces in cut_requests([view], lambda: 100)] == [16]
