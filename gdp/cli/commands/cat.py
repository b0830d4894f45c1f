"""``gdp cat``: objects of the repository as they are stored, decrypted."""

import sys

import click
import msgspec

from gdp.cli.common import common_options
from gdp.cli.lookup import full_name
from gdp.cli.session import Session, opened
from gdp.cli.translated import Command, argument
from gdp.core.errors import BadInput
from gdp.core.gotext import encode_json
from gdp.core.language import N_
from gdp.core.packformat import BlobKind
from gdp.model.files import FileKind, StoredFile

KINDS = ("config", "index", "key", "lock", "masterkey", "pack", "snapshot", "blob")
_JSON_FILES = {"index": FileKind.INDEX, "lock": FileKind.LOCKS}


@click.command("cat", cls=Command, help=N_("Show an object of the repository as JSON; a pack or a block as it is."))
@argument("kind", N_("KIND"), type=click.Choice(KINDS))
@argument("name", N_("[ID]"), required=False)
@common_options()
def command(*, kind: str, name: str | None) -> None:
    """Show an object."""
    with opened() as session:
        if kind in {"pack", "blob"}:
            sys.stdout.buffer.write(_read_raw(session, kind, _required(name)))
            return
        json = _read_json(session, kind, name)
        if session.screen.json:
            click.echo(msgspec.json.format(json, indent=-1))
        else:
            session.screen.result(msgspec.json.format(json, indent=2).decode())


def _read_json(session: Session, kind: str, name: str | None) -> bytes:
    repository = session.repository
    match kind:
        case "config":
            return encode_json(repository.config)
        case "masterkey":
            return repository.key.to_json()
        case "snapshot":
            snapshot = repository.snapshots().resolve(_required(name))
            return repository.load_json(FileKind.SNAPSHOTS, snapshot)
        case "key":
            return repository.storage.read(
                StoredFile(FileKind.KEYS, full_name(repository.storage, FileKind.KEYS, _required(name)))
            )
        case _:
            file_kind = _JSON_FILES[kind]
            return repository.load_json(file_kind, full_name(repository.storage, file_kind, _required(name)))


def _read_raw(session: Session, kind: str, name: str) -> bytes:
    repository = session.repository
    if kind == "pack":
        return repository.storage.read(StoredFile(FileKind.DATA, full_name(repository.storage, FileKind.DATA, name)))
    index = repository.load_index()
    blob = _blob_id(name)
    found = BlobKind.DATA if index.find_all(BlobKind.DATA, blob) else BlobKind.TREE
    return repository.load_blob(found, blob)


def _blob_id(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise BadInput(N_("{text!r} is no id"), text=text) from error


def _required(name: str | None) -> str:
    if not name:
        raise BadInput(N_("the id is missing"))
    return name
