"""Gets a release that may replace the installed program: asks for its description, fetches its archive, unpacks it."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from gdp.core.errors import BadInput, DamagedData
from gdp.core.language import N_
from gdp.installation.archive import unpack
from gdp.installation.fetch import beside, fetch, fetch_small
from gdp.installation.release import LARGEST_DESCRIPTION_BYTES, Release, description_name, read_release

KEY_FILE = Path(__file__).with_name("release-key.pem")  # gdp.spec puts it there; see docs/releasing.md
LEFTOVERS = ".update-*"


class Offer(msgspec.Struct, frozen=True):
    """A release, and where its archive is."""

    release: Release
    archive: str
    """an address"""


def release_keys(file: Path = KEY_FILE) -> str:
    """Return the public keys that were built in, as PEM. Raises BadInput when none were."""
    try:
        return file.read_text()
    except OSError as error:
        raise BadInput(
            N_("this build cannot update itself: no key was built into it that tells our releases from others'"),
            N_("Get the newer program from where you got this one, and call it with 'install'."),
        ) from error


def ask(address: str, platform: str, keys: str) -> Offer:
    """Return what the folder at an address offers. Raises as ``read_release`` and ``fetch_small`` do."""
    release = read_release(fetch_small(beside(address, description_name(platform)), LARGEST_DESCRIPTION_BYTES), keys)
    return Offer(release, beside(address, release.archive))


def ask_files(files: Sequence[Path], keys: str) -> Offer:
    """Return what files offer: a description, and its archive if that does not lie beside it. Raises as ``ask`` does."""
    description, *archive = [file.absolute() for file in files]
    if len(archive) > 1:
        raise BadInput(N_("an update takes two files: the description and the archive of a release"))
    release = read_release(fetch_small(description.as_uri(), LARGEST_DESCRIPTION_BYTES), keys)
    found = archive[0] if archive else description.with_name(release.archive)
    return Offer(release, found.as_uri())


def obtain(offer: Offer, folder: Path, progress: Callable[[int], None] = lambda _: None) -> Path:
    """Fetch and unpack a release into a folder of the caller's, and return the program's folder.

    Raises:
        DamagedData: the archive is not the one that was signed, or is broken.
        HostileData: see ``unpack``.
        CannotFetch, OSError: from the address, the disk.
    """
    archive = folder / "archive"
    fetch(offer.archive, archive, offer.release.size, progress)
    with archive.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != offer.release.sha256:
        raise DamagedData(
            N_("{address} is not the archive that was signed"),
            N_("Nothing was changed. Try again; if that does not help, do not use it."),
            address=offer.archive,
        )
    unpack(archive, folder / "program")
    archive.unlink()
    return folder / "program"
