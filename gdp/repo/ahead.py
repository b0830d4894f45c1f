"""What every run reads first, read in the background while the key is derived, which is slow by design.

Lists are handed out once, and only for a moment. Whoever uses one of them looks again when his lock is sure.
"""

import threading
import time
from collections.abc import Callable, Sequence

from gdp.core.errors import GdpError
from gdp.model.files import CONFIG_FILE, FileKind
from gdp.storage.contract import Storage

FRESH_SECONDS = 2.0  # longer than it takes to get from the key to the lock, shorter than a cleaning up
TO_LOOK_INTO = (FileKind.LOCKS, FileKind.SNAPSHOTS, FileKind.INDEX)  # in this order: an index has all that snapshots need

Listed = Sequence[tuple[str, int]]
"""(name, size in bytes) of files"""


class ReadAhead:
    """The configuration as it is stored, and lists of files.

    Args:
        storage: where they are.
        kinds: what is listed, in this order.
        clock: seconds, monotonic.
    """

    def __init__(self, storage: Storage, kinds: Sequence[FileKind] = (), *, clock: Callable[[], float] = time.monotonic) -> None:
        self._storage, self._kinds, self._clock = storage, kinds, clock
        self._config: bytes | BaseException | None = None
        self._has_config = threading.Event()
        self._lists: dict[FileKind, tuple[float, Listed]] = {}
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Begin to read, in a thread that never holds up the end."""
        self._thread = threading.Thread(target=self._run, name="ahead", daemon=True)
        self._thread.start()

    def config(self) -> bytes:
        """Wait for the configuration and return it, or raise what reading it raised."""
        if self._thread is None:
            return self._storage.read(CONFIG_FILE)
        self._has_config.wait()
        if isinstance(self._config, BaseException):
            raise self._config
        assert self._config is not None
        return self._config

    def join(self) -> None:
        """Wait for the lists."""
        if self._thread is not None:
            self._thread.join()

    def take(self, kind: FileKind) -> Listed | None:
        """Return the files of a kind, listed within the last two seconds; None: list them yourself. Gives each list once."""
        began, listed = self._lists.pop(kind, (0.0, None))
        return listed if self._clock() - began < FRESH_SECONDS else None

    def clear(self) -> None:
        """Forget the lists."""
        self._lists.clear()

    def _run(self) -> None:
        try:
            self._config = self._storage.read(CONFIG_FILE)
        except BaseException as error:  # noqa: BLE001
            self._config = error  # raised where the configuration is asked for
            return
        finally:
            self._has_config.set()
        for kind in self._kinds:
            began = self._clock()
            try:
                self._lists[kind] = began, list(self._storage.list(kind))
            except GdpError:
                return  # whoever asks for it lists it again, and says what is wrong
