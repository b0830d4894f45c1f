"""``gdp browse`` as a child process: the repository stays open from one question to the next."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence

import msgspec

from gdp.core.errors import GdpError
from gdp.core.language import N_
from gdp.tui.child import Child, failure_of
from gdp.tui.ports import Record


class ChildBrowser:
    """See ``ports.Browser``. The process begins with the first question, and anew after one that it did not survive.

    Args:
        words: that start it.
        environment: of it.
    """

    def __init__(self, words: Sequence[str], environment: Mapping[str, str]) -> None:
        self._words, self._environment = tuple(words), dict(environment)
        self._child: Child | None = None
        self._turn = asyncio.Lock()

    async def run(self, *words: str) -> AsyncGenerator[Record]:
        async with self._turn:
            child = await self._started()
            is_answered, is_closed, failure = False, False, None
            try:
                await child.type(msgspec.json.encode(words).decode() + "\n")
                while (record := await child.next_record()) is not None:
                    if record.get("message_type") == "exit_error":
                        failure = record
                    elif record.get("message_type") == "answered":
                        is_answered = True
                        break
                    else:
                        yield record
            finally:
                is_closed = self._child is not child
                if not is_answered:  # nobody listens any more, or it is gone
                    self._child = None
                    await child.interrupt()
            if is_closed and not is_answered:  # what it said was cut off, and whoever closed it knows
                raise asyncio.CancelledError
            if failure is not None:
                raise failure_of(failure)
            child.refuse_signal()
            if not is_answered:
                raise GdpError(N_("the command ended before it had answered"), N_("Try it again: it is started anew."))

    async def close(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            await (child.interrupt() if self._turn.locked() else child.let_go())

    async def _started(self) -> Child:
        if self._child is not None and self._child.has_ended:
            await self._child.let_go()
            self._child = None
        if self._child is None:
            self._child = await Child.begin(self._words, self._environment)
        return self._child
