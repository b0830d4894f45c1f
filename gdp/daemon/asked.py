"""What a front end asks: by a thread of the server, answered by the daemon's one thread."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

import msgspec

from gdp.core.errors import GdpError
from gdp.core.language import N_


class Asked(msgspec.Struct, frozen=True):
    """A front end wants something."""

    request: str
    fields: dict[str, Any]
    _answer: "Future[Mapping[str, object]]" = msgspec.field(default_factory=Future)

    def wait(self) -> Mapping[str, object]:
        """Return the answer once it is there. Raises GdpError, which is one as well."""
        return self._answer.result()

    def settle(self, answer: Callable[[Mapping[str, Any]], Mapping[str, object]] | None) -> None:
        """Let somebody answer; None: nobody knows such a request."""
        try:
            if answer is None:
                raise GdpError(N_("the daemon does not know the request {request!r}"), request=self.request)
            self._answer.set_result(answer(self.fields))
        except GdpError as error:
            self._answer.set_exception(error)
