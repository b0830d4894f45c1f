"""What an SFTP server's refusal means, in our own words."""

from gdp.core.errors import FileMissing, StorageDenied, StorageError, StorageFull, StorageUnreachable
from gdp.core.language import N_
from gdp.storage import sftp_wire as wire
from gdp.storage.sftp_session import SftpSession

LITTLE_SPACE_BYTES = 1 << 20  # a disk this full is full: it cannot take the smallest pack


def translate_refusal(
    session: SftpSession, refusal: wire.Refused, path: str, *, root: str = ".", needed_bytes: int = 0
) -> StorageError:
    """Return the error of ours for a request about ``path`` that was refused.

    Version 3 has no code for "disk full": the server says FAILURE, and statvfs@openssh.com tells whether that is it.

    Args:
        session: to ask for the free space, where needed.
        refusal: what the server answered.
        path: relative to the repository's root.
        root: the repository's root on the server.
        needed_bytes: how much was to be written; 0 when nothing was.
    """
    where = session.location
    if refusal.code == wire.NO_SUCH_FILE:
        return FileMissing(N_("there is no file {path} on {location}"), path=path, location=where)
    if refusal.code in {wire.NO_SPACE, wire.OVER_QUOTA} or (
        refusal.code == wire.FAILURE and needed_bytes and _is_full(session, root, needed_bytes)
    ):
        return StorageFull(
            N_("no room left on {location} for {path}"),
            N_("Free some space there, or get more of it."),
            path=path, location=where,
        )  # fmt: skip
    if refusal.code in {wire.PERMISSION_DENIED, wire.UNSUPPORTED, wire.WRITE_PROTECTED}:
        return StorageDenied(
            N_("{location} denies access to {path}: {reason}"),
            N_("Check the owner and the permissions of the folder, and what the server allows this user."),
            path=path, location=where, reason=refusal.text or refusal.code,
        )  # fmt: skip
    if refusal.code in {wire.NO_CONNECTION, wire.CONNECTION_LOST}:
        return StorageUnreachable(
            N_("{location} has lost its own connection: {reason}"), location=where, reason=refusal.text or refusal.code
        )
    return StorageError(
        N_("{location} failed at {path}: {reason}"),
        N_("The server does not say why; perhaps its disk is failing, or a quota is used up."),
        path=path, location=where, reason=refusal.text or refusal.code,
    )  # fmt: skip


def _is_full(session: SftpSession, root: str, needed_bytes: int) -> bool:
    if wire.STATVFS not in session.extensions or session.is_broken:
        return False
    asking = session.extended(wire.STATVFS, wire.pack_string(root))
    try:
        answer = wire.get_extended(session.answer_to(asking))
        _block, unit, _blocks, _free, available, _files, _free_files, available_files = (answer.long() for _ in range(8))
    except (wire.Refused, wire.Garbled):
        return False
    return unit * available < max(needed_bytes, LITTLE_SPACE_BYTES) or available_files == 0
