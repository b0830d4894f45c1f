"""Does one thing in the background while the main thread goes on. Unlike an executor's, its thread never holds up the end.

What it is about to return it may show before it is sure of it, as a draft.
"""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Opening(Generic[Result]):
    """Calls a function in a thread of its own and keeps what it returned or raised; the function is given ``show_draft``."""

    def __init__(self, function: Callable[[Callable[[Result], None]], Result]) -> None:
        self._function = function
        self._results: list[Result] = []
        self._drafts: list[Result] = []
        self._has_draft = threading.Event()
        self._error: BaseException | None = None
        self._has_ended = threading.Event()  # not the thread's own join: interrupted, it takes a running thread for ended
        threading.Thread(target=self._run, name="open", daemon=True).start()

    @property
    def is_done(self) -> bool:
        """Say whether the function has returned or raised."""
        return self._has_ended.is_set()

    @property
    def has_draft(self) -> bool:
        """Say whether ``draft`` returns at once."""
        return self._has_draft.is_set()

    def draft(self) -> Result:
        """Wait for the first draft and return it; without one, what ``result`` returns, or raise what it raises."""
        self._has_draft.wait()
        return self._drafts[0] if self._drafts else self.result()

    def join(self, timeout_seconds: float | None = None) -> None:
        """Wait for the function to end."""
        self._has_ended.wait(timeout_seconds)

    def result(self) -> Result:
        """Wait, and return what the function returned, or raise what it raised."""
        self._has_ended.wait()
        if self._error is not None:
            raise self._error
        return self._results[0]

    def _run(self) -> None:
        try:
            self._results.append(self._function(self._show_draft))
        except BaseException as error:  # noqa: BLE001
            self._error = error  # raised where the result is asked for
        finally:
            self._has_ended.set()
            self._has_draft.set()

    def _show_draft(self, draft: Result) -> None:
        self._drafts.append(draft)
        self._has_draft.set()
