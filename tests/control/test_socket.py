"""The socket between front ends and the daemon, with real sockets: who may talk, and that nobody can keep others waiting."""

import os
import socket
import stat
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from gdp.control.address import SOCKET_NAME, only_daemon, short_path
from gdp.control.client import Client, NoDaemon, connect
from gdp.control.lines import REQUEST_BYTES, BadMessage, encode, error_fields, error_of
from gdp.control.server import MOST_CLIENTS, ControlServer
from gdp.control.watchers import HELD_EVENTS
from gdp.core import errors
from gdp.core.errors import BadInput, GdpError


def echo(request: str, fields: Mapping[str, Any]) -> Mapping[str, object]:
    """Answer with the question."""
    if request == "refuse":
        raise BadInput("{word} is refused", "Say another word than {word}.", word=Path("/a word"))
    return {"request": request, **fields}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def server(home: Path) -> Iterator[ControlServer]:
    with only_daemon(home):
        running = ControlServer(home, echo)
        yield running
        running.close()


@pytest.fixture
def client(server: ControlServer, home: Path) -> Iterator[Client]:
    with connect(home) as connected:
        yield connected


def raw(home: Path) -> socket.socket:
    """Return a connection that speaks whatever the test says."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(60)
    with short_path(home) as path:
        connection.connect(path)
    return connection


def read_all(connection: socket.socket) -> bytes:
    with connection.makefile("rb") as stream:
        return stream.read()


def test_requests_are_answered_in_turn(client: Client) -> None:
    assert client.ask("run", set="daten") == {"request": "run", "set": "daten"}
    assert client.ask("status") == {"request": "status"}


def test_a_refusal_is_the_error_it_was(client: Client) -> None:
    """With template and facts, so that each front end says it in its own language; and the connection goes on."""
    with pytest.raises(BadInput, match="/a word is refused") as refused:
        client.ask("refuse")

    assert refused.value.hint == "Say another word than /a word."
    assert client.ask("status") == {"request": "status"}


EVERY_ERROR = [name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, GdpError)]


@pytest.mark.parametrize("name", EVERY_ERROR)
def test_every_error_of_the_tree_travels(name: str) -> None:
    """Its kind decides the exit code."""
    error = getattr(errors, name)("{a} and {b}", "{b}", a=1, b="two")
    arrived = error_of(error_fields(error))

    assert type(arrived) is type(error)
    assert (str(arrived), arrived.hint, arrived.exit_code) == (str(error), error.hint, error.exit_code)


def test_a_socket_is_for_its_owner_only(server: ControlServer, home: Path) -> None:
    """Whoever can ask the daemon can run the commands of a set."""
    mode = stat.S_IMODE(os.stat(home / SOCKET_NAME).st_mode)

    assert mode == 0o600


def test_a_user_who_may_not_is_let_go(home: Path) -> None:
    """The system says who is at the other end, whatever the folder's mode was."""
    server = ControlServer(home, echo, allowed_users=frozenset({os.geteuid() + 1}))
    with connect(home) as client, pytest.raises(NoDaemon):
        client.ask("status")
    server.close()


def test_a_home_that_others_can_change_is_refused(home: Path) -> None:
    home.chmod(0o777)
    with pytest.raises(BadInput, match="can be changed by other users"), only_daemon(home):
        pass


def test_there_is_one_daemon(server: ControlServer, home: Path) -> None:
    """Two would run everything twice. The first one's socket stays."""
    with pytest.raises(BadInput, match="is running already"), only_daemon(home):
        pass
    with connect(home) as client:
        assert client.ask("status") == {"request": "status"}


def test_a_killed_daemons_socket_is_replaced(home: Path) -> None:
    left = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with short_path(home) as path:
        left.bind(path)
    left.close()
    with pytest.raises(NoDaemon, match="no daemon is running"):
        connect(home)
    with only_daemon(home):
        server = ControlServer(home, echo)
        with connect(home) as client:
            assert client.ask("status") == {"request": "status"}
        server.close()


def test_a_home_folder_may_have_any_name(tmp_path: Path) -> None:
    """The system's limit for the address of a socket is 107 bytes."""
    home = tmp_path / ("x" * 120) / ("ü" * 60)
    with only_daemon(home):
        server = ControlServer(home, echo)
        with connect(home) as client:
            assert client.ask("status") == {"request": "status"}
        server.close()

    assert not (home / SOCKET_NAME).exists()


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"no json\n", b"another language"),
        (b"[1]\n", b"another language"),
        (b'{"version":1,"request":"a","b":"\xff"}\n', b"another language"),
        (b"[" * 50000 + b"\n", b"another language"),
        (b'{"version":2,"request":"status"}\n', b"different versions"),
        (b'{"version":1,"request":7}\n', b"asked nothing"),
        (b"x" * (REQUEST_BYTES + 2), b"too long"),
    ],
)
def test_what_makes_no_sense_is_answered_with_a_word(server: ControlServer, home: Path, sent: bytes, answer: bytes) -> None:
    """And the daemon lives on."""
    with raw(home) as connection:
        connection.sendall(sent)
        if b"asked nothing" in answer:
            connection.shutdown(socket.SHUT_WR)
        said = read_all(connection)
    with connect(home) as client:
        assert client.ask("status") == {"request": "status"}
    assert answer in said


def test_a_client_that_says_half_a_line_keeps_nobody_waiting(server: ControlServer, home: Path, client: Client) -> None:
    with raw(home) as slow:
        slow.sendall(b'{"version":1,')

        assert client.ask("status") == {"request": "status"}


def test_more_clients_than_there_is_room_for_are_let_go(server: ControlServer, home: Path, client: Client) -> None:
    """A front end that forgets to close must not use up the daemon's threads."""
    client.ask("status")
    crowd = [raw(home) for _ in range(MOST_CLIENTS)]
    assert read_all(crowd[-1]) == b""

    assert client.ask("status") == {"request": "status"}
    for connection in crowd:
        connection.close()


def test_whoever_watches_is_told_what_happens(server: ControlServer, client: Client) -> None:
    events = client.watch()
    first = next(events)
    server.tell("run", {"id": 7})
    server.tell("progress", {"id": 7}, may_be_lost=True)

    assert first == {"request": "watch"}
    assert [next(events) for _ in range(2)] == [
        {"version": 1, "event": "run", "id": 7},
        {"version": 1, "event": "progress", "id": 7},
    ]


def test_a_client_that_watches_and_takes_nothing_keeps_nobody_waiting(server: ControlServer, home: Path) -> None:
    """It misses progress first, and is let go when it would miss more; the daemon never waits for it."""
    with connect(home) as slow, connect(home) as quick:
        lazy, events = slow.watch(), quick.watch()
        next(lazy)
        next(events)
        big = "x" * 10000
        for number in range(4 * HELD_EVENTS):
            server.tell("run", {"id": number, "text": big})
            seen = next(events)
            assert seen["id"] == number
        received: list[dict[str, Any]] = []
        with pytest.raises(NoDaemon):
            received.extend(lazy)

    assert len(received) < 4 * HELD_EVENTS


def test_progress_is_lost_before_anything_else(server: ControlServer, home: Path) -> None:
    with connect(home) as slow:
        events = slow.watch()
        next(events)
        for number in range(2 * HELD_EVENTS):
            server.tell("progress", {"id": number, "text": "x" * 10000}, may_be_lost=True)
        first = next(events)

    assert first["id"] == 0


def test_those_who_watch_get_the_last_word_before_the_daemon_ends(home: Path) -> None:
    server = ControlServer(home, echo)
    with connect(home) as client:
        events = client.watch()
        next(events)
        server.tell("end", {})
        server.close()

        assert next(events)["event"] == "end"
        with pytest.raises(NoDaemon, match="went away"):
            next(events)


def test_no_daemon_is_said_with_what_to_do(home: Path) -> None:
    with pytest.raises(NoDaemon) as missing:
        connect(home)
    with pytest.raises(NoDaemon):
        connect(home / "nothing here")

    assert "gdp daemon" in missing.value.hint


def test_an_answer_that_is_none_is_named(home: Path) -> None:
    """A stranger's program at the other end."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with short_path(home) as path:
        listener.bind(path)
    listener.listen()

    def answer() -> None:
        connection, _address = listener.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(encode({"hello": "world"}))

    stranger = threading.Thread(target=answer)
    stranger.start()
    with connect(home) as client, pytest.raises(BadMessage):
        client.ask("status")
    stranger.join()
    listener.close()
