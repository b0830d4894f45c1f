"""Sends finished packs while the next ones are being filled. Never decides what goes into a pack."""

import queue
import threading
from collections.abc import Callable

from gdp.engine.archive.sending import Sending
from gdp.model.files import FileKind, StoredFile
from gdp.repo.pack_journal import PackJournal
from gdp.repo.packer import FinishedPack
from gdp.storage.contract import Storage

_WAITING_PACKS = 1  # a slow line must not fill the temporary folder


class Uploads:
    """A few threads that store packs, noting each in the journal before.

    Args:
        storage: where to; None on a dry run: a pack then counts as stored at once.
        journal: where packs are noted before they are sent.
        stored: is called, from one of the threads, with each pack that is safely stored.
        sending: counts what has arrived, and says when it is a pack's turn.
        worker: our number there.
        threads: how many.
    """

    def __init__(
        self,
        storage: Storage | None,
        journal: PackJournal,
        stored: Callable[[FinishedPack], None],
        *,
        sending: Sending,
        worker: int,
        threads: int,
    ) -> None:
        self._storage, self._journal, self._stored = storage, journal, stored
        self._sending, self._worker = sending, worker
        self._queue: queue.Queue[FinishedPack | None] = queue.Queue(_WAITING_PACKS)
        self._noting = threading.Lock()
        self._error: BaseException | None = None
        self._threads = [
            threading.Thread(target=self._run, args=(number,), name="upload", daemon=True) for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def put(self, pack: FinishedPack) -> None:
        """Hand over a pack; waits while enough are under way. Raises what an earlier upload raised."""
        self._raise_error()
        self._queue.put(pack)

    def finish(self) -> None:
        """Wait until all is stored. Raises what an upload raised."""
        self._queue.join()
        self._raise_error()

    def close(self) -> None:
        """End the threads."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def _run(self, thread: int) -> None:
        while (pack := self._queue.get()) is not None:
            try:
                if self._error is None:
                    self._store(pack, thread)
            except BaseException as error:  # noqa: BLE001
                self._error = error  # raised in the thread that fills packs, at its next step
            finally:
                self._queue.task_done()
        self._queue.task_done()

    def _store(self, pack: FinishedPack, thread: int) -> None:
        with self._sending.pack(self._worker, thread, pack) as on_its_way:
            if self._storage is not None:
                with self._noting:
                    self._journal.note(pack)
                pack.parts.has_arrived = on_its_way.has_arrived
                self._storage.write(StoredFile(FileKind.DATA, pack.id.hex()), pack.parts)
        pack.parts.close()
        self._stored(pack)

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error
