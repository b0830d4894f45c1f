"""A file's content as a stream of blocks, fetched a little ahead of their use."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from gdp.core.ids import BlobId
from gdp.core.packformat import BlobKind
from gdp.model.node import Node
from gdp.repo.repository import Repository

BLOCKS_AHEAD = 8  # hides the round trip to a server; bounds memory to some 16 MB
_THREADS = 3


class ContentReader:
    """Reads files of one repository. Close it when done."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="content")

    def blocks(self, node: Node) -> Iterator[bytes]:
        """Yield a file's blocks in order. Raises DamagedData for one that cannot be had."""
        waiting: deque[Future[bytes]] = deque()
        try:
            for text in node.content or ():
                waiting.append(self._threads.submit(self._repo.load_blob, BlobKind.DATA, BlobId.from_hex(text)))
                if len(waiting) >= BLOCKS_AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(cancel_futures=True)
