"""Fetches files of a release: over HTTPS, from a folder, over plain HTTP from this computer. Never more than it was told."""

import http.client
import os
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from gdp.core.errors import DamagedData, GdpError
from gdp.core.language import N_
from gdp.core.trust import trusting_context
from gdp.model.release_address import check_address, is_safe

ANSWER_SECONDS = 30.0  # for each answer of the network
WHOLE_SECONDS = 3600.0  # for a whole file
_PIECE_BYTES = 256 << 10


class CannotFetch(GdpError):
    """The address does not give us the file."""


def beside(address: str, name: str) -> str:
    """Return the address of a file in the folder that an address names."""
    return f"{address.rstrip('/')}/{urllib.parse.quote(name)}"


def fetch_small(address: str, most_bytes: int) -> bytes:
    """Return a file. Raises BadInput, CannotFetch; DamagedData when it is larger than it may be."""
    with _open(address) as stream:
        try:
            found = b""
            while len(found) <= most_bytes and (piece := stream.read(_PIECE_BYTES)):
                found += piece
        except (OSError, http.client.HTTPException) as error:
            raise _broken(address, error) from error
    if len(found) > most_bytes:
        raise DamagedData(N_("{address} is larger than it may be"), address=address)
    return found


def fetch(address: str, file: Path, size: int, progress: Callable[[int], None] = lambda _: None) -> None:
    """Fetch exactly ``size`` bytes into a new file.

    Raises:
        DamagedData: there are more or fewer.
        CannotFetch, BadInput: see there.
        OSError: the file cannot be written.
    """
    until = time.monotonic() + WHOLE_SECONDS
    done = 0
    with _open(address) as stream, file.open("xb") as written:
        while done <= size:
            try:
                piece = stream.read(_PIECE_BYTES)
            except (OSError, http.client.HTTPException) as error:
                raise _broken(address, error) from error
            if not piece:
                break
            done += len(piece)
            written.write(piece)
            progress(done)
            if time.monotonic() > until:
                raise CannotFetch(N_("{address} takes too long"), N_("Try again with a better line."), address=address)
    if done != size:
        raise DamagedData(
            N_("{address} is not as long as its description says"),
            N_("Nothing was changed. Try again; if that does not help, the release is broken."),
            address=address,
        )


class _OnlyWhatMayBe(urllib.request.HTTPRedirectHandler):
    """Follows the server elsewhere only where we might have gone ourselves, and never from the net into our files."""

    def redirect_request(
        self, req: urllib.request.Request, fp: object, code: int, msg: str, headers: object, newurl: str
    ) -> urllib.request.Request | None:
        without_query = newurl.partition("?")[0]  # servers of files sign their addresses
        if newurl.startswith("file:") or not is_safe(without_query):
            raise urllib.error.URLError("redirected to an address that is not safe")
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


def _open(address: str) -> BinaryIO:
    parts = urllib.parse.urlsplit(check_address(address))
    if parts.scheme == "file":
        path = urllib.parse.unquote(parts.path)
        try:
            return open(path, "rb")
        except OSError as error:
            raise _broken(address, error) from error
    try:
        context = trusting_context()
        opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _OnlyWhatMayBe())
        opener.addheaders = [("User-Agent", "gdp")]
        answer: BinaryIO = opener.open(address, timeout=ANSWER_SECONDS)
    except (OSError, http.client.HTTPException, ValueError) as error:  # URLError and TLS are OSErrors
        raise _broken(address, error) from error
    return answer


def _broken(address: str, error: Exception) -> CannotFetch:
    reason: object = error
    if isinstance(error, urllib.error.HTTPError):
        reason = f"HTTP {error.code}"
    elif isinstance(error, urllib.error.URLError):
        reason = error.reason
    if isinstance(reason, ssl.SSLCertVerificationError):
        reason = reason.verify_message
    elif isinstance(reason, OSError):
        reason = reason.strerror or os.fspath(type(reason).__name__)
    return CannotFetch(
        N_("{address} cannot be fetched: {reason}"),
        N_("Check the address and the network; a proxy is taken from https_proxy."),
        address=address,
        reason=str(reason),
    )
