"""What a worker process of a restore does: batches in, outcomes out. Opens its own storage; gets the key in the first message."""

import os
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from gdp.core.crypto import MasterKey
from gdp.core.errors import GdpError
from gdp.core.language import N_
from gdp.engine.restore.batch import BatchRun, Tools
from gdp.engine.restore.handles import open_target
from gdp.engine.restore.messages import Start
from gdp.engine.restore.metadata import MetadataWriter
from gdp.engine.restore.reading import BlockReader
from gdp.engine.workers import Channel, WorkerPool, worker_count
from gdp.storage.contract import Storage

OpenStorage = Callable[[Mapping[str, str]], Storage]
"""Opens the storage that the repository lies in, given the secrets that were sent"""
BATCHES_AHEAD = 3  # one being written, two being read
CONNECT = "connect"


def start_workers(open_storage: OpenStorage, count: int | None = None) -> WorkerPool:
    """Fork the workers of a restore. To be called before any thread, connection or key exists in this process."""
    return WorkerPool(count or worker_count(), lambda channel: _serve(channel, open_storage))


def connect(pool: WorkerPool, secrets: Mapping[str, str]) -> None:
    """Have the workers connect, while the parent reads what it must know first. Harmless when they have."""
    pool.broadcast((CONNECT, dict(secrets)))


def _serve(channel: Channel, open_storage: OpenStorage) -> None:
    message = channel.receive()
    storage: Storage | None = None
    while message[0] == CONNECT:
        if storage is None:
            storage = open_storage(message[1])
            storage.prepare()
        message = channel.receive()
    start = Start(*message)
    storage = storage or open_storage(start.secrets)
    os.umask(0)  # whatever is made here is made with the very permissions it is to have; see ``birth_mode``
    handles = open_target(Path(os.fsdecode(start.target)), create=False)
    if handles is None or _identity(handles.open(())) != start.target_identity:
        raise GdpError(N_("the directory {path} was exchanged during the restore"), path=os.fsdecode(start.target))
    reader = BlockReader(storage, MasterKey(start.key))
    tools = Tools(handles, reader, MetadataWriter(), start.sparse, start.delete)
    waiting: deque[BatchRun] = deque()
    try:
        while True:
            while len(waiting) < BATCHES_AHEAD and (not waiting or channel.has_message()):
                waiting.append(BatchRun(channel.receive(), tools))
            channel.send(waiting.popleft().run().to_message())
    finally:
        reader.close()
        handles.close()
        storage.close()


def _identity(descriptor: int) -> tuple[int, int]:
    found = os.fstat(descriptor)
    return found.st_dev, found.st_ino
