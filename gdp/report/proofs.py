"""What was proven last, as lines of a backup's report: a sample that was read back, files that were restored on trial. Pure."""

from datetime import tzinfo

from gdp.core import figures
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.model.run import Proven, RunRecord, Verdict
from gdp.model.runs import Kind
from gdp.report.page import Row, Tone
from gdp.report.verdicts import verdict_word

_LABELS = {Kind.CHECK: N_("Last read-back"), Kind.DRILL: N_("Last restore drill")}
_TONES = {Verdict.ATTENTION: Tone.ATTENTION, Verdict.ERROR: Tone.ERROR}


def proof_rows(record: RunRecord, zone: tzinfo | None) -> list[Row]:
    """Return a line for each."""
    return [_row(proven, zone) for proven in record.proofs]


def _row(proven: Proven, zone: tzinfo | None) -> Row:
    found = proven.figures
    parts = [f"{figures.local_moment(proven.ended, zone)}: {verdict_word(proven.verdict)}"]
    if proven.kind is Kind.CHECK and "packs_read" in found:
        facts = {"count": found["packs_read"], "bytes": figures.size(found.get("bytes_read", 0))}
        parts.append(fill(N_("{count:pack|packs} read and compared, {bytes}"), facts))
    if proven.kind is Kind.DRILL and "files_verified" in found:
        facts = {"count": found["files_verified"], "bytes": figures.size(found.get("bytes_restored", 0))}
        parts.append(fill(N_("{count:file|files} restored and compared, {bytes}"), facts))
    if wrong := found.get("num_errors") or found.get("mismatches"):
        parts.append(fill(N_("{count:error|errors} found"), {"count": wrong}))
    return Row(translate(_LABELS[proven.kind]), ", ".join(parts), _TONES.get(proven.verdict))
