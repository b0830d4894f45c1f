"""Whether a server is the one it was last time: its key is pinned at the first contact. Never asks anybody."""

from collections.abc import Iterable
from pathlib import Path

from gdp.core.errors import HostKeyMismatch, StorageDenied
from gdp.core.language import N_
from gdp.storage.known_hosts import KnownKey, append_known_key, find_known_keys, make_fingerprint
from gdp.storage.sftp_settings import NewHostKey, OnNewHostKey, SftpSettings
from gdp.storage.ssh_config import Route

_RSA = "ssh-rsa"
_ALGORITHMS_OF_RSA = ("rsa-sha2-512", "rsa-sha2-256")


def known_keys(settings: SftpSettings, route: Route) -> list[KnownKey]:
    """Return every key that is known for the server."""
    return find_known_keys(_files(settings, route), route.known_as)


def order_algorithms(known: Iterable[KnownKey], supported: Iterable[str], expected: str | None = None) -> list[str]:
    """Return the host key algorithms to offer, those of known keys first; before all others that of an ``expected`` key.

    A server has several keys, and must show the one we know rather than the one it likes best.
    """
    types = {expected} if expected else {key.key_type for key in known if not key.is_revoked}
    wanted = types | (set(_ALGORITHMS_OF_RSA) if _RSA in types else set())
    return sorted(supported, key=lambda algorithm: algorithm not in wanted)  # sorting is stable


def check_host_key(settings: SftpSettings, route: Route, key_type: str, blob: bytes, on_new: OnNewHostKey | None = None) -> None:
    """Return if the server's key is known, or new and now pinned. Raises HostKeyMismatch otherwise."""
    _refuse_unexpected(settings, route, blob)
    known = known_keys(settings, route)
    if not known:
        known = _pin(settings, route, key_type, blob, on_new)
    revoked = [key for key in known if key.is_revoked and key.blob == blob]
    if revoked:
        raise _mismatch(N_("the host key {shown} of {host} is marked as revoked in {file}, line {line}"), revoked[0], blob, route)
    if not any(key.blob == blob for key in known if not key.is_revoked):
        of_type = [key for key in known if key.key_type == key_type] or known
        raise _mismatch(
            N_("{host} shows the host key {shown}, but {pinned} is pinned in {file}, line {line}"), of_type[0], blob, route
        )


def _refuse_unexpected(settings: SftpSettings, route: Route, blob: bytes) -> None:
    fingerprint, expected = make_fingerprint(blob), settings.expected_fingerprint
    if expected is not None and expected.rstrip("=") != fingerprint:
        raise HostKeyMismatch(
            N_("{host} shows the host key {shown}, but {expected} was announced"),
            N_("Somebody may be listening in; compare the fingerprint with whoever runs the server."),
            host=route.known_as, shown=fingerprint, expected=expected,
        )  # fmt: skip


def _pin(settings: SftpSettings, route: Route, key_type: str, blob: bytes, on_new: OnNewHostKey | None) -> list[KnownKey]:
    try:
        known = append_known_key(settings.pinned_hosts, route.known_as, key_type, blob)
    except OSError as error:
        raise StorageDenied(
            N_("the host key of {host} cannot be pinned in {file}: {reason}"),
            N_("Make the file and its folder writable for this user."),
            host=route.known_as, file=settings.pinned_hosts, reason=error.strerror or error,
        ) from error  # fmt: skip
    if on_new is not None:
        on_new(NewHostKey(route.known_as, key_type, make_fingerprint(blob)))
    return known


def _files(settings: SftpSettings, route: Route) -> tuple[Path, ...]:
    return (settings.pinned_hosts, *(route.known_hosts or settings.known_hosts))


def _mismatch(template: str, key: KnownKey, blob: bytes, route: Route) -> HostKeyMismatch:
    return HostKeyMismatch(
        template,
        N_(
            "Somebody may be listening in. If the server really has a new key, compare {shown} with whoever runs it, "
            "then remove line {line} of {file}."
        ),
        host=route.known_as, shown=make_fingerprint(blob), pinned=key.fingerprint, file=key.file, line=key.line,
    )  # fmt: skip
