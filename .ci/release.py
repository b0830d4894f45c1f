"""Makes the key of releases, and signed releases; docs/releasing.md says when and how.

usage: release.py key FILE [--passphrase-file FILE]
       release.py make --key FILE [--passphrase-file FILE] [--program dist/gdp] [--output dist/release]

``key`` writes FILE, which signs and must never leave its safe place, and FILE.pub, which is built into the program.
``make`` packs the program that was built and signs what describes it. It asks the program itself for its version.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import os
import platform
import subprocess
import sys
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from Crypto.PublicKey import ECC
from Crypto.Signature import eddsa

from gdp.installation.packed import packed_in, pieces_of
from gdp.installation.places import PROGRAM
from gdp.installation.release import Release, description_name, encode_release, read_release, signed_bytes

if TYPE_CHECKING:
    from Crypto.IO._PBES import ProtParams

PROTECTION = "PBKDF2WithHMAC-SHA512AndAES256-CBC"
ITERATIONS = 600_000


def main(arguments: list[str]) -> int:
    """Do what was asked for. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    key = commands.add_parser("key")
    key.add_argument("file", type=Path)
    make = commands.add_parser("make")
    make.add_argument("--key", type=Path, required=True)
    make.add_argument("--program", type=Path, default=Path("dist/gdp"))
    make.add_argument("--output", type=Path, default=Path("dist/release"))
    for command in (key, make):
        command.add_argument("--passphrase-file", type=Path)
    given = parser.parse_args(arguments)
    passphrase = given.passphrase_file.read_text().strip() if given.passphrase_file else None
    if given.command == "key":
        make_key(given.file, passphrase)
    else:
        make_release(given.key, passphrase, given.program, given.output)
    return 0


def make_key(file: Path, passphrase: str | None) -> None:
    """Write a new key and its public half. Raises FileExistsError rather than replace one."""
    key = ECC.generate(curve="Ed25519")
    text = key.export_key(format="PEM")
    if passphrase:
        cost: ProtParams = {"iteration_count": ITERATIONS}
        text = key.export_key(format="PEM", passphrase=passphrase, protection=PROTECTION, prot_params=cost)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(f"{text}\n")
    Path(f"{file}.pub").write_text(f"{key.public_key().export_key(format='PEM')}\n")
    print(f"{file} signs releases: keep it safe. {file}.pub goes into the program.")


def make_release(key_file: Path, passphrase: str | None, program: Path, output: Path) -> None:
    """Write the archive and its signed description, and read them as a program will."""
    version = subprocess.run([program / PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    this_platform = f"{sys.platform}-{platform.machine()}"
    output.mkdir(parents=True, exist_ok=True)
    archive = output / f"gdp-{version}-{this_platform}.tar.gz"
    pack(program, archive, f"gdp-{version}")
    with archive.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    release = Release(
        version=version,
        platform=this_platform,
        archive=archive.name,
        size=archive.stat().st_size,
        sha256=digest,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    key = ECC.import_key(key_file.read_text(), passphrase)
    raw = sign(release, key)
    assert read_release(raw, str(key.public_key().export_key(format="PEM"))) == release
    description = output / description_name(this_platform)
    description.write_bytes(raw)
    print(f"{archive}\n{description}")


def sign(release: Release, key: ECC.EccKey) -> bytes:
    """Return the signed description of a release."""
    description = msgspec.json.encode(release).decode()
    return encode_release(description, eddsa.new(key, "rfc8032").sign(signed_bytes(description)))


def pack(program: Path, archive: Path, top: str) -> None:
    """Write a program into an archive: nobody's files, of no time, so that the same program is the same archive."""
    with (
        archive.open("wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as stream,
    ):
        for piece in pieces_of(packed_in(program)):
            member = tarfile.TarInfo(f"{top}/{piece.name}")
            member.mode = 0o755 if piece.name == PROGRAM else 0o644
            if piece.link is not None:
                member.type, member.linkname = tarfile.SYMTYPE, piece.link
                stream.addfile(member)
                continue
            member.size = piece.source.stat().st_size
            with piece.source.open("rb") as contents:
                stream.addfile(member, contents)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
