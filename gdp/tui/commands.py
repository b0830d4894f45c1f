"""Commands of this program as child processes that write one JSON object a line."""

from collections.abc import AsyncGenerator, Mapping, Sequence

from gdp.tui.browser import ChildBrowser
from gdp.tui.child import Child, failure_of
from gdp.tui.ports import Record


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
        child = await Child.begin((*self._program, *words), self._environment)
        has_ended, failure = False, None
        try:
            await child.type(typed)
            child.end_input()
            while (record := await child.next_record()) is not None:
                if record.get("message_type") == "exit_error":
                    failure = record
                else:
                    yield record
            has_ended = True
        finally:
            await (child.let_go() if has_ended else child.interrupt())
        if failure is not None:
            raise failure_of(failure)
        child.refuse_signal()

    def browser(self, *options: str) -> ChildBrowser:
        return ChildBrowser((*self._program, "browse", *options), self._environment)
