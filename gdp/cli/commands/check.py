"""``gdp check``."""

import click

from gdp.bootstrap.access import CacheUse
from gdp.cli.common import common_options
from gdp.cli.reporting import reporting
from gdp.cli.screen import Screen
from gdp.cli.session import ending, make_access, opened_with
from gdp.cli.translated import Command, flag, option
from gdp.cli.values import Size
from gdp.core import figures
from gdp.core.errors import BadInput
from gdp.core.language import N_, translate, translate_plural
from gdp.core.sentences import fill
from gdp.engine.check.options import ALL_PACKS, CheckOptions, CheckResult, Subset, parse_subset
from gdp.engine.check.pool import prepare_check
from gdp.engine.check.run import RepositoryCheck
from gdp.engine.check.sample import read_back
from gdp.repo.repository import Repository

_SAMPLED = N_("read back and compared {read:pack|packs} out of {packs}, {bytes}")
_CHECKED = N_(
    "checked {snapshots:snapshot|snapshots}, {trees:folder|folders}, {packs:pack|packs} with {blobs:block|blocks}; read {bytes}"
)


@click.command("check", cls=Command, help=N_("Check that the repository is whole. Contents of files are read with --read-data."))
@flag("--read-data", help=N_("Read and check every byte."))
@option(
    "--read-data-subset",
    metavar=N_("PART"),
    help=N_("Read a part: a random share such as 5%, a random size such as 10G, or part 2 of 10 as 2/10."),
)
@option(
    "--sample",
    type=Size(1),
    metavar=N_("SIZE"),
    help=N_(
        "Only read back random packs of about this size, such as 64M, and compare them: rather those that were not read "
        "for long. Others may use the repository meanwhile."
    ),
)
@common_options()
def command(*, read_data: bool, read_data_subset: str | None, sample: int | None) -> int:
    """Check the repository."""
    subset = _subset(read_data=read_data, part=read_data_subset, sample=sample)
    if sample is not None:
        return _read_back(sample)
    with reporting() as screen:
        access = make_access(screen, cache=CacheUse.FRESH)
        # First the workers, then everything else: a fork takes no connection, thread or key along.
        with ending(prepare_check(access.make_storage)) as workers:
            check = RepositoryCheck(CheckOptions(subset), screen.emit, workers)

            def begin(repository: Repository) -> None:
                check.begin(repository, access.make_storage.secrets)

            with opened_with(access, screen, exclusive=True, meanwhile=begin):
                result = check.finish()
        _show(screen, result)
        return 0 if result.ok else 1


def _read_back(most_bytes: int) -> int:
    with reporting() as screen:
        with opened_with(make_access(screen), screen) as session:
            result = read_back(session.repository, most_bytes, screen.emit)
        facts = {"read": result.packs_read, "packs": figures.count(result.packs), "bytes": figures.size(result.bytes_read)}
        screen.say(fill(_SAMPLED, facts))
        for name in result.sampled:
            is_sound = name not in result.damaged_packs
            screen.record("pack", {"id": name, "is_sound": is_sound})
            if screen.verbose:
                screen.say(f"  {name}  {translate(N_('sound') if is_sound else N_('damaged'))}")
        _say_verdict(screen, result)
        fields = _fields(result)
        screen.record("summary", {name: fields[name] for name in fields if name not in {"snapshots", "trees"}})
        return 0 if result.ok else 1


def _subset(*, read_data: bool, part: str | None, sample: int | None) -> Subset | None:
    if sum((read_data, part is not None, sample is not None)) > 1:
        raise BadInput(N_("give only one of --read-data, --read-data-subset and --sample"))
    if part:
        return parse_subset(part)
    return ALL_PACKS if read_data else None


def _show(screen: Screen, result: CheckResult) -> None:
    facts: dict[str, object] = {name: getattr(result, name) for name in ("snapshots", "trees", "packs", "blobs")}
    screen.say(fill(_CHECKED, {**facts, "bytes": figures.size(result.bytes_read)}))
    _say_verdict(screen, result)
    screen.record("summary", _fields(result))


def _say_verdict(screen: Screen, result: CheckResult) -> None:
    if result.ok:
        screen.say(translate(N_("no errors were found")))
    else:
        sentence = translate_plural(
            "one error was found; the repository is damaged",
            "{count} errors were found; the repository is damaged",
            len(result.errors),
        )
        screen.result(sentence.format(count=figures.count(len(result.errors))))


def _fields(result: CheckResult) -> dict[str, object]:
    return {
        "num_errors": len(result.errors),
        "broken_packs": result.damaged_packs or None,
        "suggest_repair_index": bool(result.errors) and not result.damaged_packs,
        "suggest_prune": bool(result.hints),
        "snapshots": result.snapshots,
        "trees": result.trees,
        "packs": result.packs,
        "blobs": result.blobs,
        "packs_read": result.packs_read,
        "bytes_read": result.bytes_read,
    }
