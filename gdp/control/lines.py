"""One JSON object a line, of bounded size, over a connected socket. Knows no request."""

import socket
from collections.abc import Mapping
from typing import Any

import msgspec

from gdp.core.errors import BadInput, GdpError, kind_named
from gdp.core.language import N_

VERSION = 1
REQUEST_BYTES = 64 << 10
ANSWER_BYTES = 16 << 20
_PIECE_BYTES = 64 << 10


class BadMessage(BadInput):
    """The other end does not speak as it should; nothing more can be understood from it."""


class LineReader:
    """Reads from one socket. Raises OSError (TimeoutError too) when the line breaks."""

    def __init__(self, connection: socket.socket, most_bytes: int) -> None:
        self._connection = connection
        self._most_bytes = most_bytes
        self._held = bytearray()

    def read(self) -> dict[str, Any] | None:
        """Return the next message; None when the other end has closed. Raises BadMessage."""
        searched = 0
        while (end := self._held.find(b"\n", searched)) < 0:
            searched = len(self._held)
            if searched > self._most_bytes:
                raise BadMessage(N_("a message to or from the daemon is too long"))
            piece = self._connection.recv(_PIECE_BYTES)
            if not piece:
                return None
            self._held += piece
        line = bytes(self._held[:end])
        del self._held[: end + 1]
        if len(line) > self._most_bytes:
            raise BadMessage(N_("a message to or from the daemon is too long"))
        return _parse(line)


def encode(fields: Mapping[str, object]) -> bytes:
    """Return a message as it travels."""
    return msgspec.json.encode({"version": VERSION, **fields}) + b"\n"


def error_fields(error: GdpError) -> dict[str, object]:
    """Return an error as a message carries it, so that the other end can say it in its user's language."""
    facts = {name: fact if isinstance(fact, int | float | str) else str(fact) for name, fact in error.facts.items()}
    return {"kind": type(error).__name__, "template": error.template, "hint": error.hint_template, "facts": facts}


def error_of(fields: Mapping[str, Any]) -> GdpError:
    """Return the error that a message carries. Raises BadMessage."""
    try:
        error = kind_named(str(fields.get("kind")))(fields["template"], fields["hint"], **fields["facts"])
        assert isinstance(str(error) + error.hint, str)  # the facts fill the templates
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as problem:
        raise BadMessage(N_("the other end of the daemon's socket speaks another language")) from problem
    return error


def _parse(line: bytes) -> dict[str, Any]:
    try:
        message = msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadMessage(N_("the other end of the daemon's socket speaks another language")) from error
    if message.get("version") != VERSION:
        raise BadMessage(
            N_("this program and the daemon are of different versions"),
            N_("Restart the daemon, so that both are the one that is installed."),
        )
    return message
