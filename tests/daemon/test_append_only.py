"""The daemon and a server that lets nobody delete, as GDP's own data centre does for a computer that may be stolen."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gdp.model.runs import Kind, Reason, State
from tests.daemon.running import World, events_of, wait_for_run
from tests.daemon.test_reports import Waiting, mail_to, mailbox, port
from tests.sshd import Sshd, run_sshd

__all__ = ["mailbox", "port"]


@pytest.fixture
def server(tmp_path: Path, isolated_home: Path) -> Iterator[Sshd]:
    """One that refuses every removal; ``ssh`` finds the way by the user's own files."""
    with run_sshd(tmp_path / "sshd", "ForceCommand internal-sftp -P remove,rmdir") as running:
        ssh = isolated_home / ".ssh"
        ssh.mkdir(mode=0o700, exist_ok=True)
        (ssh / "id_ed25519").write_bytes(running.client_key.read_bytes())
        (ssh / "id_ed25519").chmod(0o600)
        yield running


@pytest.mark.slow
@pytest.mark.peer
def test_retention_that_may_not_delete_is_no_failure_and_said_in_the_next_report(
    world: World, server: Sshd, port: int, mailbox: Waiting
) -> None:
    """Whoever asked for seven backups and finds seventy must have been told why."""
    mail_to(world, port)
    world.write_set(
        target=f'repo = "{server.url(world.repository)}"',
        retention="keep-last = 1",
        **{"[report]": 'to = "admin@example.com"\nlanguage = "en"'},
    )
    with world.daemon() as daemon, daemon.client() as client:
        events = events_of(client)
        world.gdp("run", "daten", "--wait")
        retention = wait_for_run(events, State.SKIPPED, State.OK, State.ERROR, kind=Kind.RETENTION)
        first = mailbox.next_mail()
        (world.source / "b.txt").write_text("beta\n")
        world.gdp("run", "daten", "--wait")
        second = mailbox.next_mail()
        shown = world.gdp("report", "show", "latest")

    texts = [" ".join(body.get_content().split()) for mail in (first, second) if (body := mail.get_body(("plain",)))]

    assert len(os.listdir(world.repository / "snapshots")) == 2
    assert (retention.state, retention.reason) == (State.SKIPPED, Reason.FORBIDDEN)
    assert ["none removed, since the repository lets nobody delete" in text for text in texts] == [False, True]
    assert "Old backups" in shown.stdout
    assert not [run for run in world.runs() if run.state is State.ERROR]
