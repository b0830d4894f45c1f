"""A PostgreSQL of the tests' own: reached through a socket in its folder, gone with the process that started it."""

import glob
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

from tests.conftest import absent

_START_SECONDS = 30.0
_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")  # its data lives as long as the tests


def programs() -> Path:
    """Return the folder of the newest installed server's programs, or skip as ``absent`` does."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"), key=lambda path: float(path.split("/")[4]))
    path = found[-1] if found else shutil.which("postgres")
    if path is None:
        absent("PostgreSQL (postgres)")
    return Path(path).parent


class PostgresServer:
    """One running server. As root it is started as the user ``nobody``, for it refuses root."""

    def __init__(self) -> None:
        self._bin = programs()
        self._folder = Path(tempfile.mkdtemp(prefix="gdpac-pg-"))
        self._as_whom = ["setpriv", "--pdeathsig", "INT"]
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self._folder, nobody.pw_uid, nobody.pw_gid)
            self._as_whom += [f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
        self._databases = 0
        self._server = self._start()

    def url(self, name: str) -> str:
        """Return the address of a database."""
        return f"postgresql:///{name}?host={self._folder}&user=gdpac"

    def create(self) -> str:
        """Create a database, and return its name."""
        self._databases += 1
        name = f"gdpac_{self._databases}"
        self._say(f"CREATE DATABASE {name}")
        return name

    def empty(self, name: str) -> None:
        """Remove every row of a database but those that tell its shape, whatever guards them and whoever is connected.

        Takes a tenth of the time of a new database.
        """
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
        with psycopg.connect(self.url(name)) as connection:
            connection.execute(others, (name,))
            shown = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migration'")
            looks = [f"(SELECT '{table}' FROM {table} LIMIT 1)" for (table,) in shown]
            filled = connection.execute(" UNION ALL ".join(looks).encode()).fetchall()
            connection.execute("SET session_replication_role = replica")  # neither keys nor triggers
            for (table,) in filled:
                connection.execute(f"DELETE FROM {table}; ALTER TABLE {table} ALTER COLUMN id RESTART".encode())

    def drop(self, name: str) -> None:
        """Remove a database, whoever is connected to it."""
        self._say(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def stop(self) -> None:
        """End the server, and remove what it left."""
        self._server.terminate()
        self._server.wait(timeout=_START_SECONDS)
        shutil.rmtree(self._folder)

    def _start(self) -> "subprocess.Popen[bytes]":
        data = self._folder / "data"
        initdb = f"{self._bin}/initdb -U gdpac -A trust -E UTF8 --locale=C.UTF-8 -N -D".split()
        made = subprocess.run([*self._as_whom, *initdb, str(data)], cwd=self._folder, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr
        settings = ("listen_addresses=", f"unix_socket_directories={self._folder}", "max_connections=60", *_DURABLE)
        command = [str(self._bin / "postgres"), "-D", str(data), *(part for one in settings for part in ("-c", one))]
        with (self._folder / "log").open("wb") as log:
            server = subprocess.Popen(self._as_whom + command, cwd=self._folder, stdout=log, stderr=log)
        self._wait_for(server)
        return server

    def _wait_for(self, server: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
                return
            except psycopg.OperationalError:
                assert server.poll() is None, (self._folder / "log").read_text()
                assert time.monotonic() < deadline, (self._folder / "log").read_text()
                time.sleep(0.05)

    def _say(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())
