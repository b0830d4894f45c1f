"""A command of this program at work as a child process, and the JSON objects that it writes, one a line."""

import asyncio
import contextlib
import signal
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gdp.core.errors import GdpError
from gdp.core.language import LANGUAGE_VARIABLE, N_, current_language
from gdp.model.run import Trouble, error_of
from gdp.tui.ports import Record

LONGEST_LINE = 16 << 20
END_SECONDS = 30.0  # so long an interrupted command may tidy up
LAST_SECONDS = 2.0  # and so much longer, where it took longer or the UI itself ends


class Child:
    """One process. ``begin`` makes it; whoever has it ends it: by hearing it out, by ``interrupt`` or by ``let_go``."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._process, self._input = process, process.stdin
        self._heard = asyncio.Queue[Record | None]()
        self._listeners = [asyncio.create_task(_listen(stream, self._heard)) for stream in (process.stdout, process.stderr)]
        self._open_streams = len(self._listeners)
        self._ending: asyncio.Task[None] | None = None

    @classmethod
    async def begin(cls, words: Sequence[str], environment: Mapping[str, str]) -> "Child":
        """Start a program."""
        return cls(
            await asyncio.create_subprocess_exec(
                *words,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={**environment, LANGUAGE_VARIABLE: current_language()},
                start_new_session=True,  # Ctrl-C is for the screen
                limit=LONGEST_LINE,
            )
        )

    @property
    def has_ended(self) -> bool:
        """Say whether it is gone."""
        return self._process.returncode is not None

    async def type(self, text: str) -> None:
        """Write to its standard input."""
        with contextlib.suppress(ConnectionError):  # it asks for nothing, and has ended
            self._input.write(text.encode())
            await self._input.drain()

    def end_input(self) -> None:
        """Close its standard input."""
        self._input.close()

    async def next_record(self) -> Record | None:
        """Return what it wrote next, on either stream; None: it has ended, and nothing more will come."""
        while self._open_streams:
            record = await self._heard.get()
            if record is not None:
                return record
            self._open_streams -= 1
        await self._process.wait()
        return None

    def refuse_signal(self) -> None:
        """Return if it ended by itself. Raises GdpError."""
        if (self._process.returncode or 0) < 0:
            raise GdpError(N_("the command was ended by signal {number}"), number=-(self._process.returncode or 0))

    async def interrupt(self) -> None:
        """End it as Ctrl-C does: it gives back its lock and ends."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)
        await self.let_go()

    async def let_go(self) -> None:
        """Wait for its end, and kill it where that does not come; also when nobody waits for this any more."""
        self.end_input()
        if self._ending is None:
            self._ending = asyncio.create_task(self._end())
        await asyncio.shield(self._ending)

    async def _end(self) -> None:
        try:
            for seconds in (END_SECONDS, LAST_SECONDS):
                with contextlib.suppress(TimeoutError, asyncio.CancelledError):
                    async with asyncio.timeout(seconds):
                        await self._process.wait()
                    return
            self._process.kill()
            await self._process.wait()
        finally:
            for listener in self._listeners:
                listener.cancel()


def failure_of(record: Record) -> GdpError:
    """Return the error that an ``exit_error`` tells of."""
    try:
        said = msgspec.convert(
            {
                "template": record["template"],
                "facts": record.get("facts", {}),
                "hint": record.get("hint_template", ""),
                "error_class": record.get("error_class", ""),
            },
            Trouble,
        )
    except (KeyError, msgspec.ValidationError):
        return GdpError("{said}", "{advice}", said=str(record.get("message", "")), advice=str(record.get("hint", "")))
    return error_of(said)


async def _listen(stream: asyncio.StreamReader, heard: "asyncio.Queue[Record | None]") -> None:
    try:
        while line := await stream.readline():
            heard.put_nowait(_record(line))
    finally:
        heard.put_nowait(None)


def _record(line: bytes) -> Record:
    """Return an object; what is none is a sentence that somebody wrote, such as a library's warning."""
    try:
        return msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {"message_type": "note", "message": line.decode(errors="replace").rstrip()}
