"""Reads back a random sample of the packs and compares it: what there is time for after every backup.

Whole packs, since only the hash of all of it proves a pack, and every block in them is opened. Chance decides which; the longer
one was not read, the likelier it is taken, and one that was damaged comes first until it is repaired or gone. Of all others it is
looked whether they are there with the right size. Never looks into directories, and needs no exclusive lock.
"""

import random
import time
from collections.abc import Callable, Mapping
from operator import itemgetter

from gdp.core.ids import PackId
from gdp.core.language import N_
from gdp.engine.check.indexes import IndexSurvey, compare_with_stored, survey_indexes
from gdp.engine.check.options import CheckResult, Finding, Findings, error
from gdp.engine.check.packs import PackJob
from gdp.engine.check.pool import verify_here
from gdp.model.events import Emit, Problem, Progress, StageBegan
from gdp.model.files import FileKind
from gdp.repo.repository import Repository
from gdp.repo.verified_packs import DAMAGED

DAY_SECONDS = 86400
NEVER_READ_DAYS = 365.0  # what was never read is as likely to be taken as what was read a year ago


def read_back(repo: Repository, most_bytes: int, emit: Emit, chance: random.Random | None = None) -> CheckResult:
    """Read back about ``most_bytes``: as many packs as fit, and at least one. The caller holds a lock, so that none is removed.

    Every error is told as a Problem as it is found. The repository's index is read anew.
    """
    findings = Findings()

    def tell(finding: Finding) -> None:
        if isinstance(finding, Problem):
            findings.add(finding)
            emit(finding)

    emit(StageBegan(N_("reading the index")))
    survey = survey_indexes(repo, tell)
    jobs = _choose_jobs(repo, survey, most_bytes, tell, chance or random.SystemRandom())
    emit(StageBegan(N_("reading back a sample")))
    read, bytes_read = dict[bytes, int](), 0
    for verdict in verify_here(repo.uncached, repo.key, jobs):
        for template, facts in verdict.faults:
            tell(error(template, **facts))
        read[verdict.pack] = DAMAGED if verdict.faults else int(time.time())
        bytes_read += verdict.bytes_read
        emit(Progress(len(read), len(jobs), bytes_read, sum(job.stored_size for job in jobs)))
    repo.verified_packs.note(read, survey.packs)
    return CheckResult(
        errors=tuple(findings.errors),
        damaged_packs=tuple(pack.hex() for pack, when in read.items() if when == DAMAGED),
        packs=len(survey.packs),
        blobs=survey.index.blob_count,
        packs_read=len(read),
        bytes_read=bytes_read,
        sampled=tuple(pack.hex() for pack in read),
    )


def _choose_jobs(
    repo: Repository, survey: IndexSurvey, most_bytes: int, tell: Callable[[Finding], None], chance: random.Random
) -> list[PackJob]:
    """Return what to read; packs that are missing or have the wrong size are told."""
    # After the index: whoever backs up meanwhile stores packs first, and lists them then.
    stored = {PackId.from_hex(name): size for name, size in repo.storage.list(FileKind.DATA)}
    for finding in compare_with_stored(survey, stored):
        tell(finding)
    there = {pack: stored[pack] for pack in survey.packs if pack in stored}
    chosen = choose_packs(there, repo.verified_packs.read(), most_bytes, int(time.time()), chance)
    return [PackJob(pack, there[pack], *survey.packs[pack]) for pack in chosen]


def choose_packs(
    packs: Mapping[PackId, int], read: Mapping[bytes, int], most_bytes: int, now: int, chance: random.Random
) -> list[PackId]:
    """Return which packs to read back; at least one where there are any.

    Args:
        packs: with their sizes.
        read: when they were read last, seconds since 1970, or ``DAMAGED``.
        now: the same clock.
    """
    order = sorted((_rank(read.get(pack), now, chance), pack) for pack in sorted(packs))
    chosen: list[PackId] = []
    room = most_bytes
    for pack in map(itemgetter(1), order):
        if chosen and packs[pack] > room:
            break
        chosen.append(pack)
        room -= packs[pack]
    return chosen


def _rank(last_read: int | None, now: int, chance: random.Random) -> float:
    """Return a random place in the order. Exponential ones draw without replacement by weight (Efraimidis and Spirakis, 2006)."""
    if last_read == DAMAGED:
        return -1.0
    days = NEVER_READ_DAYS if last_read is None else max(0.0, (now - last_read) / DAY_SECONDS)
    return chance.expovariate(days + 1.0)
