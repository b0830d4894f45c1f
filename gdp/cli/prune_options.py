"""What ``prune`` and ``forget --prune`` share."""

from collections.abc import Callable
from typing import Any

from gdp.cli.chosen_set import typed_or_set
from gdp.cli.screen import Screen
from gdp.cli.session import Session
from gdp.cli.translated import flag, option
from gdp.cli.values import Size
from gdp.core import figures
from gdp.core.language import N_, translate
from gdp.core.packformat import DEFAULT_PACK_BYTES, MAX_PACK_BYTES, MIN_PACK_BYTES
from gdp.core.sentences import fill
from gdp.engine.prune import PruneOptions, PrunePlan, parse_max_unused, prepare_prune, prune

Declared = Callable[..., Any]


def transfer_block_option(function: Declared) -> Declared:
    """Declare ``--transfer-block-size``."""
    return option(
        "--transfer-block-size",
        type=Size(MIN_PACK_BYTES, MAX_PACK_BYTES),
        default=DEFAULT_PACK_BYTES,
        metavar=N_("SIZE"),
        help=N_("Size of the files in which data travels and is stored, 1M to 128M. Default 16M."),
    )(function)


def chosen_pack_bytes(given: int) -> int:
    """Return the size of transfer blocks: as given, else as the set says, else the default."""
    return typed_or_set(given, "transfer_block_size", lambda chosen: chosen.target.transfer_block_size)


def prune_options(function: Declared) -> Declared:
    """Declare the options of a prune; the command hands what it receives to ``take_prune_options``."""
    for declare in (
        transfer_block_option,
        flag("--repack-uncompressed", help=N_("Compress what older programs stored as it was.")),
        flag("--repack-cacheable-only", help=N_("Copy packs of folders only.")),
        option("--max-repack-size", type=Size(), metavar=N_("SIZE"), help=N_("Copy at most this much in one run.")),
        option(
            "--max-unused",
            default="5%",
            metavar=N_("LIMIT"),
            help=N_("How much unneeded data may stay: a share such as 5% (default), a size such as 500M, or 'unlimited'."),
        ),
    ):
        function = declare(function)
    return function


def take_prune_options(given: dict[str, Any]) -> PruneOptions:
    """Take the options of a prune out of what a command received. Raises BadInput."""
    return PruneOptions(
        max_unused=parse_max_unused(given.pop("max_unused")),
        max_repack_bytes=given.pop("max_repack_size"),
        repack_cacheable_only=given.pop("repack_cacheable_only"),
        repack_uncompressed=given.pop("repack_uncompressed"),
        pack_bytes=chosen_pack_bytes(given.pop("transfer_block_size")),
    )


def run_prune(session: Session, options: PruneOptions, *, is_dry_run: bool) -> PrunePlan:
    """Plan, show the plan and carry it out."""
    plan = prepare_prune(session.repository, options, session.screen.emit)
    _show_plan(session.screen, plan)
    if not is_dry_run:
        prune(session.repository, plan, options, session.screen.emit)
    session.screen.say(_verdict(plan, is_dry_run=is_dry_run))
    return plan


def prune_fields(plan: PrunePlan) -> dict[str, object]:
    """Return the plan's sums as a record."""
    stats = plan.stats
    return {
        "packs_kept": stats.packs_keep,
        "packs_repacked": stats.packs_repack,
        "packs_removed": stats.packs_remove + stats.packs_unindexed,
        "used_bytes": stats.used.bytes,
        "unused_bytes": stats.unused.bytes + stats.duplicate.bytes,
        "repacked_bytes": stats.repack.bytes,
        "freed_bytes": stats.freed_bytes,
        "remaining_bytes": stats.remaining_bytes,
        "unused_bytes_after": stats.unused_bytes_after,
    }


def _show_plan(screen: Screen, plan: PrunePlan) -> None:
    stats = plan.stats
    unneeded = stats.unused.bytes + stats.duplicate.bytes + stats.unindexed_bytes
    for sentence, packs, size in (
        (N_("needed:     {size}, in {packs:pack|packs}"), stats.packs_used + stats.packs_partly_used, stats.used.bytes),
        (N_("not needed: {size}, of it {packs:whole pack|whole packs}"), stats.packs_unused + stats.packs_unindexed, unneeded),
        (N_("to copy:    {size}, {packs:pack|packs}"), stats.packs_repack, stats.repack.bytes),
        (N_("to remove:  {size}, {packs:pack|packs}"), stats.packs_remove + stats.packs_unindexed, stats.freed_bytes),
        (
            N_("may stay:   {size} not needed, in {packs:pack that is|packs that are} kept"),
            stats.packs_keep,
            stats.unused_bytes_after,
        ),
    ):
        screen.say(fill(sentence, {"size": figures.size(size), "packs": packs}))


def _verdict(plan: PrunePlan, *, is_dry_run: bool) -> str:
    if is_dry_run:
        return translate(N_("This was a trial: nothing was removed."))
    if plan.is_empty:
        return translate(N_("There was nothing to remove."))
    return translate(N_("The repository is {size} smaller.")).format(size=figures.size(plan.stats.freed_bytes))
