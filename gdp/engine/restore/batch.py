"""One batch in a worker: which blocks its entries need, and what happens when they arrive."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from gdp.core.errors import DamagedData, FileMissing
from gdp.core.language import N_
from gdp.engine.restore.compare import holds
from gdp.engine.restore.existing import Action
from gdp.engine.restore.handles import FolderHandles
from gdp.engine.restore.messages import (
    FILE,
    PART,
    SPECIAL,
    SYMLINK,
    VERIFY,
    BatchMessage,
    Entry,
    Failure,
    Identity,
    Outcome,
    Place,
    plain_bytes,
)
from gdp.engine.restore.metadata import PRIVATE_MODE, BirthMark, MetadataWriter, birth_mode
from gdp.engine.restore.reading import Block, BlockReader
from gdp.engine.restore.special import make_special, make_symlink
from gdp.engine.restore.writing import (
    create_file,
    open_existing,
    path_handle,
    raise_if_hopeless,
    write_at,
    write_with_holes,
)

NOT_WRITTEN = N_("{path} could not be restored: {reason}")
NO_METADATA = N_("{path} is restored, but not all of its owner, permissions, attributes and times: {reason}")
UNLIKE = N_("{path} does not hold what the snapshot holds (found when reading it again)")
BLOCK_LOST = N_("{path} is damaged: {reason}")


_CHECK, _REPLACE = int(Action.CHECK), int(Action.REPLACE)  # plain numbers compare quicker


@dataclass(slots=True)
class Tools:
    """What a worker works with."""

    handles: FolderHandles
    reader: BlockReader
    metadata: MetadataWriter
    is_sparse: bool
    may_delete: bool


@dataclass(slots=True)
class OpenFile:
    """A file whose blocks arrive one by one."""

    descriptor: int
    waiting: int
    """blocks still to come"""
    is_new: bool
    missing: list[int] = field(default_factory=list)
    reason: DamagedData | FileMissing | None = None


class BatchRun:
    """Carries out one batch. Made when the batch arrives, so that its reads are under way before it is run."""

    def __init__(self, message: BatchMessage, tools: Tools) -> None:
        self._number, self._packs, self._folders, self._entries = message
        self._tools = tools
        self._failures: list[Failure] = []
        self._failed: set[int] = set()
        """positions that expect no more blocks"""
        self._unchanged: list[int] = []
        self._written_bytes = 0
        self._open: dict[int, OpenFile] = {}
        self._proven: dict[int, BirthMark] = {}
        """by the directory's number; see ``MetadataWriter.apply_to_new``"""
        self._uses: dict[Place, list[tuple[int, int, int]]] = {}
        """where each block goes: (position of the entry, number of the place in it, offset in the file)"""
        for position, entry in enumerate(self._entries):
            if entry[0] == FILE and entry[4] <= _REPLACE and entry[6]:
                self._expect(position, entry[6])
            else:
                self._guard(position, self._prepare, entry)
        self._blocks = tools.reader.request(self._packs, self._uses)

    def run(self) -> Outcome:
        """Write everything and say how it went. Raises GdpError when going on makes no sense."""
        try:
            for position, entry in enumerate(self._entries):
                if entry[0] in (SYMLINK, SPECIAL):
                    self._guard(position, self._make_other, entry)
            for block in self._blocks():
                self._deliver(block)
        finally:
            for file in self._open.values():
                os.close(file.descriptor)
        shortfalls = sorted(self._tools.metadata.shortfalls)
        self._tools.metadata.shortfalls.clear()
        return Outcome(self._number, self._written_bytes, self._unchanged, self._failures, shortfalls)

    # --- before blocks arrive ----------------------------------------------------------------------------------------

    def _prepare(self, position: int, entry: Entry) -> None:
        kind, action = entry[0], entry[4]
        if kind == VERIFY:
            self._verify(position, entry)
        elif kind == PART:
            self._prepare_part(position, entry)
        elif kind == FILE and action == Action.KEEP:
            self._keep(position, entry)
        elif kind == FILE and action == Action.CHECK:
            self._prepare_check(position, entry)
        elif kind == FILE:  # without any content
            self._finish(position, entry, self._create(entry))

    def _expect(self, position: int, places: list[Place]) -> None:
        offset = 0
        for number, place in enumerate(places):
            self._use(position, number, place, offset)
            offset += plain_bytes(place)

    def _prepare_part(self, position: int, entry: Entry) -> None:
        _, folder, name, _, action, identity, (offset, places) = entry
        assert identity
        descriptor = open_existing(self._folder(folder), name, identity, os.O_RDWR)
        file = self._await(position, descriptor, places, offset, is_new=action != Action.CHECK)
        if not file.waiting:
            self._unchanged.append(position)
            os.close(self._open.pop(position).descriptor)

    def _prepare_check(self, position: int, entry: Entry) -> None:
        _, folder, name, _, _, identity, places = entry
        assert identity
        descriptor = open_existing(self._folder(folder), name, identity, os.O_RDWR)
        total = sum(map(plain_bytes, places))
        is_same_size = os.fstat(descriptor).st_size == total
        if not is_same_size:
            os.ftruncate(descriptor, total)
        file = self._await(position, descriptor, places, 0, is_new=False)
        if not file.waiting:
            if is_same_size:
                self._unchanged.append(position)
            self._finish(position, entry, self._open.pop(position).descriptor)

    def _await(self, position: int, descriptor: int, places: list[Place], offset: int, *, is_new: bool) -> OpenFile:
        """Ask for the blocks that the file does not have."""
        file = self._open[position] = OpenFile(descriptor, 0, is_new)
        for number, place in enumerate(places):
            if is_new or not holds(descriptor, place, offset):
                self._use(position, number, place, offset)
                file.waiting += 1
            offset += plain_bytes(place)
        return file

    def _use(self, position: int, number: int, place: Place, offset: int) -> None:
        uses = self._uses.get(place)
        if uses is None:
            self._uses[place] = [(position, number, offset)]
        else:
            uses.append((position, number, offset))

    def _verify(self, position: int, entry: Entry) -> None:
        _, folder, name, _, _, _, (offset, size, places) = entry
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(name, flags, dir_fd=self._folder(folder))
        try:
            is_right = size < 0 or os.fstat(descriptor).st_size == size
            for place in places:
                is_right = is_right and holds(descriptor, place, offset)
                offset += plain_bytes(place)
        finally:
            os.close(descriptor)
        if not is_right:
            self._failures.append(Failure(position, UNLIKE, "", {}, [], None))

    # --- when blocks arrive ------------------------------------------------------------------------------------------

    def _deliver(self, block: Block) -> None:
        place, data, error = block
        for position, number, offset in self._uses[place]:
            entry = self._entries[position]
            if position in self._failed:
                continue
            # Nearly all files are new and have one block: they are made, filled and closed in one go.
            if entry[0] == FILE and len(entry[6]) == 1 and entry[4] != _CHECK and error is None:
                try:
                    self._write_whole(position, entry, data)
                except (OSError, ValueError, OverflowError) as problem:
                    self._fail(position, NOT_WRITTEN, problem)
            else:
                self._guard(position, self._write_block, entry, number, offset, block)

    def _write_whole(self, position: int, entry: Entry, data: bytes | memoryview) -> None:
        descriptor = self._create(entry)
        try:
            if self._tools.is_sparse:
                os.ftruncate(descriptor, len(data))
                write_with_holes(descriptor, data, 0)
            else:
                write_at(descriptor, data, 0)
            self._written_bytes += len(data)
            self._finish_new(position, entry, descriptor)
        finally:
            os.close(descriptor)

    def _write_block(self, position: int, entry: Entry, number: int, offset: int, block: Block) -> None:
        file = self._open.get(position)
        if file is None:
            file = self._open_new(position, entry)
        _, data, error = block
        file.waiting -= 1
        if error is not None:
            file.missing.append(number)
            file.reason = error
        else:
            write = write_with_holes if self._tools.is_sparse and file.is_new else write_at
            write(file.descriptor, data, offset)
            self._written_bytes += len(data)
        if not file.waiting:
            self._complete(position, entry, self._open.pop(position))

    def _open_new(self, position: int, entry: Entry) -> OpenFile:
        places: list[Place] = entry[6]
        file = self._open[position] = OpenFile(self._create(entry), len(places), is_new=True)
        os.ftruncate(file.descriptor, sum(map(plain_bytes, places)))
        return file

    def _complete(self, position: int, entry: Entry, file: OpenFile) -> None:
        if file.missing:
            found = os.fstat(file.descriptor)
            os.close(file.descriptor)
            assert file.reason
            facts = {"reason": str(file.reason)}
            identity = found.st_dev, found.st_ino
            self._failures.append(Failure(position, BLOCK_LOST, file.reason.hint_template, facts, file.missing, identity))
        elif entry[0] == PART:
            os.close(file.descriptor)
        else:
            self._finish(position, entry, file.descriptor)

    # --- files and what they are called ------------------------------------------------------------------------------

    def _folder(self, number: int) -> int:
        return self._tools.handles.open(self._folders[number][0])

    def _create(self, entry: Entry) -> int:
        _, number, name, metadata, action, _, _ = entry
        path, _, is_private = self._folders[number]
        mode = birth_mode(metadata) if is_private and metadata else PRIVATE_MODE
        tools = self._tools
        return create_file(tools.handles.open(path), name, action, delete=tools.may_delete, mode=mode)

    def _finish(self, position: int, entry: Entry, descriptor: int) -> None:
        """Write the metadata and close the file."""
        try:
            if entry[4] == _CHECK:
                self._restore_metadata(position, entry, descriptor, has_mode=True)
            else:
                self._finish_new(position, entry, descriptor)
        finally:
            os.close(descriptor)

    def _finish_new(self, position: int, entry: Entry, descriptor: int) -> None:
        _, number, _, metadata, _, _, _ = entry
        if not self._folders[number][2]:
            self._restore_metadata(position, entry, descriptor, has_mode=True)
            return
        assert metadata
        try:
            self._tools.metadata.apply_to_new(descriptor, metadata, self._proven, number)
        except (OSError, ValueError, OverflowError, DamagedData) as error:
            self._fail(position, NO_METADATA, error)

    def _keep(self, position: int, entry: Entry) -> None:
        with path_handle(self._folder(entry[1]), entry[2], entry[5]) as handle:
            self._restore_metadata(position, entry, handle, has_mode=entry[0] != SYMLINK)
        self._unchanged.append(position)

    def _make_other(self, position: int, entry: Entry) -> None:
        kind, folder, name, _, action, _, payload = entry
        if action == Action.KEEP:
            self._keep(position, entry)
            return
        make: Callable[..., Identity] = make_symlink if kind == SYMLINK else make_special
        identity = make(self._folder(folder), name, action, payload, delete=self._tools.may_delete)
        with path_handle(self._folder(folder), name, identity) as handle:
            self._restore_metadata(position, entry, handle, has_mode=kind != SYMLINK)

    def _restore_metadata(self, position: int, entry: Entry, handle: int | str, *, has_mode: bool) -> None:
        metadata = entry[3]
        assert metadata
        clean = self._folders[entry[1]][1] or entry[4] in (Action.KEEP, Action.CHECK)
        try:
            self._tools.metadata.apply(handle, metadata, clean=clean, has_mode=has_mode)
        except (OSError, ValueError, OverflowError, DamagedData) as error:
            self._fail(position, NO_METADATA, error)

    def _guard(self, position: int, step: Callable[..., None], *arguments: object) -> None:
        """Do one step for one entry; what goes wrong there is that entry's failure and nobody else's."""
        try:
            step(position, *arguments)
        except (OSError, ValueError, OverflowError) as error:
            self._fail(position, NOT_WRITTEN, error)

    def _fail(self, position: int, template: str, error: Exception) -> None:
        if isinstance(error, OSError):
            raise_if_hopeless(error)
        reason = error.strerror if isinstance(error, OSError) else str(error)
        self._failed.add(position)
        self._failures.append(Failure(position, template, "", {"reason": str(reason)}, [], None))
