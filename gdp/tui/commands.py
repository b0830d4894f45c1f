"""Commands of this program as child processes that write one JSON object a line."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

import msgspec

from gdp.core.errors import GdpError
from gdp.core.language import LANGUAGE_VARIABLE, N_, current_language
from gdp.model.run import Trouble, error_of
from gdp.tui.ports import Record

LONGEST_LINE = 16 << 20
END_SECONDS = 30.0  # so long an interrupted command may tidy up


class ChildCommands:
    """See ``ports.Commands``.

    Args:
        program: the words that start this program, with the common options for this home folder, ``--json`` among them.
        environment: of the commands, which speak the language that is spoken here when they begin.
    """

    def __init__(self, program: Sequence[str], environment: Mapping[str, str]) -> None:
        self._program = tuple(program)
        self._environment = dict(environment)

    async def run(self, *words: str, typed: str = "") -> AsyncGenerator[Record]:
        process = await asyncio.create_subprocess_exec(
            *self._program,
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**self._environment, LANGUAGE_VARIABLE: current_language()},
            start_new_session=True,  # Ctrl-C is for the screen
            limit=LONGEST_LINE,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        heard = asyncio.Queue[Record | None]()
        listeners = [asyncio.create_task(_listen(stream, heard)) for stream in (process.stdout, process.stderr)]
        has_ended = False
        try:
            await _type(process.stdin, typed)
            open_streams, failure = len(listeners), None
            while open_streams:
                record = await heard.get()
                if record is None:
                    open_streams -= 1
                elif record.get("message_type") == "exit_error":
                    failure = record
                else:
                    yield record
            await process.wait()
            has_ended = True
            if failure is not None:
                raise _error(failure)
            if process.returncode is not None and process.returncode < 0:
                raise GdpError(N_("the command was ended by signal {number}"), number=-process.returncode)
        finally:
            if not has_ended:
                await _interrupt(process)
            for listener in listeners:
                listener.cancel()


async def _type(stream: asyncio.StreamWriter, text: str) -> None:
    with contextlib.suppress(ConnectionError):  # it asks for nothing, and has ended
        stream.write(text.encode())
        await stream.drain()
    stream.close()


async def _listen(stream: asyncio.StreamReader, heard: "asyncio.Queue[Record | None]") -> None:
    try:
        while line := await stream.readline():
            if (record := _record(line)) is not None:
                heard.put_nowait(record)
    finally:
        heard.put_nowait(None)


async def _interrupt(process: asyncio.subprocess.Process) -> None:
    """As Ctrl-C does: it gives back its lock and ends."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)
        try:
            await asyncio.wait_for(asyncio.shield(process.wait()), END_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()


def _record(line: bytes) -> Record | None:
    """Return an object; what is none is a sentence that somebody wrote, such as a library's warning."""
    try:
        record = msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {"message_type": "note", "message": line.decode(errors="replace").rstrip()}
    return record


def _error(record: Record) -> GdpError:
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
