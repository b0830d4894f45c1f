"""Reads every index file, and compares what they say with each other and with the packs that are stored.

Keeps no object a block: of a pack's table of contents only its size and its hash are remembered.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from gdp.core.errors import DamagedData, FileMissing
from gdp.core.ids import PackId
from gdp.core.language import N_
from gdp.core.packformat import BlobKind, PackedBlob
from gdp.engine.check.options import Finding, error, hint
from gdp.model.files import FileKind
from gdp.repo.blob_index import BlobIndex
from gdp.repo.index_files import DecodedIndex, decode_index
from gdp.repo.pack_reader import PackSummary, summarize
from gdp.repo.repository import Repository

_offset = itemgetter(PackedBlob._fields.index("offset"))
Tell = Callable[[Finding], None]
OnPack = Callable[[PackId, PackSummary, bool], None]
"""(pack, its table of contents in brief, whether directories are in it)"""


@dataclass(slots=True)
class IndexSurvey:
    """What all index files say together."""

    index: BlobIndex = field(default_factory=BlobIndex)
    packs: dict[PackId, PackSummary] = field(default_factory=dict)
    listed_in: dict[PackId, str] = field(default_factory=dict)
    """the first index file that lists a pack"""
    file_names: list[str] = field(default_factory=list)


def survey_indexes(repo: Repository, tell: Tell, on_pack: OnPack = lambda *_: None) -> IndexSurvey:
    """Read all index files, telling what is wrong with each. The repository's own index becomes what was read.

    ``on_pack`` is told of each pack as soon as it is met, so that checking it can begin.
    """
    listed = list(repo.storage.list(FileKind.INDEX))
    repo.fetch(FileKind.INDEX, listed)
    survey = IndexSurvey(file_names=[name for name, _ in listed])
    marked: list[tuple[PackId, list[PackedBlob]]] = []
    for name in survey.file_names:
        try:
            decoded: DecodedIndex = decode_index(repo.load_json(FileKind.INDEX, name), name)
        except FileMissing:
            tell(error(N_("index file {name} vanished while it was about to be read"), name=name))
            continue
        except DamagedData as problem:
            tell(error("{reason}", reason=str(problem)))
            continue
        for pack, blobs in decoded.packs:
            for finding in _add_pack(survey, name, pack, blobs, on_pack):
                tell(finding)
        marked += decoded.marked
    for pack, blobs in marked:
        survey.index.add_pack(pack, blobs)
    repo.use_index(survey.index, survey.file_names)
    return survey


def compare_with_stored(survey: IndexSurvey, stored: Mapping[PackId, int]) -> Iterator[Finding]:
    """Yield what is wrong with the packs, given the sizes of those that are stored."""
    for pack, summary in survey.packs.items():
        size = stored.get(pack)
        if size is None:
            yield error(N_("pack {pack} is missing"), pack=pack.hex())
        elif size != summary.size:
            yield error(
                N_("pack {pack} has {size:byte|bytes} instead of {expected:byte|bytes}"),
                pack=pack.hex(),
                size=size,
                expected=summary.size,
            )  # fmt: skip
    unindexed = [pack for pack in stored if not survey.index.has_pack(pack)]
    for pack in unindexed:
        yield hint(
            N_(
                "pack {pack} is in no index: left by an interrupted run (the next backup takes it over) "
                "or not needed ('gdp prune' removes it)"
            ),
            pack=pack.hex(),
        )


def _add_pack(survey: IndexSurvey, file: str, pack: PackId, blobs: Sequence[PackedBlob], on_pack: OnPack) -> Iterator[Finding]:
    ordered = sorted(blobs, key=_offset)
    summary = summarize(ordered)
    if pack in survey.packs:
        other = survey.listed_in[pack]
        if survey.packs[pack] == summary and not _gap_before(ordered):
            yield hint(
                N_("pack {pack} is listed in two index files: {first}, {second}"), pack=str(pack), first=other, second=file
            )
        else:
            yield error(
                N_("index files {first} and {second} say different things of pack {pack}"),
                pack=str(pack), first=other, second=file,
            )  # fmt: skip
        return
    survey.packs[pack], survey.listed_in[pack] = summary, file
    kinds = {blob[0] for blob in ordered}  # by number, as below: this runs for every blob there is
    on_pack(pack, summary, BlobKind.TREE in kinds)
    survey.index.add_pack(pack, ordered)
    if gap := _gap_before(ordered):
        yield error(
            N_("index file {file}: in pack {pack} the blocks leave a gap or overlap at byte {offset}"),
            file=file, pack=str(pack), offset=gap.offset,
        )  # fmt: skip
    if len(kinds) > 1:
        yield hint(N_("pack {pack} mixes files and directories, as old restic did; 'gdp prune' sorts it"), pack=str(pack))


def _gap_before(ordered: Sequence[PackedBlob]) -> PackedBlob | None:
    """Return the first block that does not begin where the one before it ends."""
    end = 0
    for blob in ordered:
        if blob[2] != end:
            return blob
        end += blob[3]
    return None
