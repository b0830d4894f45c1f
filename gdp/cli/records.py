"""Snapshots as JSON records, with restic's field names."""

import msgspec

from gdp.core.gotext import encode_json
from gdp.model.snapshot import Snapshot, SnapshotId

SHORT_ID = 8  # digits, as restic shows


def snapshot_fields(name: SnapshotId, snapshot: Snapshot) -> dict[str, object]:
    """Return a snapshot's fields as stored, and its id long and short."""
    stored = msgspec.json.decode(encode_json(snapshot), type=dict[str, object])
    return {**stored, "id": name, "short_id": name[:SHORT_ID]}
