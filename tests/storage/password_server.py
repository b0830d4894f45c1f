"""A small SSH server by paramiko that lets in whoever knows the password, with or without SFTP."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import paramiko
from paramiko.common import AUTH_FAILED, AUTH_PARTIALLY_SUCCESSFUL, AUTH_SUCCESSFUL, OPEN_SUCCEEDED
from paramiko.sftp import SFTP_OK

PASSWORD = "geheim"
USER = "customer"


class _Door(paramiko.ServerInterface):
    def __init__(self, heard: threading.Event, *, wants_key: bool) -> None:
        self._heard = heard
        self._wanted = ["publickey", "password"] if wants_key else ["password"]

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        if self._wanted[0] != "publickey":
            return AUTH_FAILED
        return AUTH_PARTIALLY_SUCCESSFUL

    def check_auth_password(self, username: str, password: str) -> int:
        return AUTH_SUCCESSFUL if (username, password) == (USER, PASSWORD) else AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return ",".join(self._wanted)

    def check_global_request(self, kind: str, msg: paramiko.Message) -> bool:
        self._heard.set()
        return False

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED


class _Files(paramiko.SFTPServerInterface):
    """Enough for a test: the file system as it is."""

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> paramiko.SFTPHandle | int:
        try:
            descriptor = os.open(path, flags, attr.st_mode or 0o600)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        handle = paramiko.SFTPHandle(flags)
        mode = "wb" if flags & os.O_WRONLY else "rb"
        handle.filename = path  # type: ignore[attr-defined]  # as in paramiko's own examples
        handle.readfile = handle.writefile = os.fdopen(descriptor, mode)  # type: ignore[attr-defined]
        handle.stat = lambda: paramiko.SFTPAttributes.from_stat(os.fstat(descriptor))  # type: ignore[method-assign]
        return handle

    def stat(self, path: str) -> paramiko.SFTPAttributes | int:
        try:
            return paramiko.SFTPAttributes.from_stat(os.stat(path))
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    def lstat(self, path: str) -> paramiko.SFTPAttributes | int:
        try:
            return paramiko.SFTPAttributes.from_stat(os.lstat(path))
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes] | int:
        try:
            with os.scandir(path) as entries:
                return [paramiko.SFTPAttributes.from_stat(entry.stat(), entry.name) for entry in entries]
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    def remove(self, path: str) -> int:
        try:
            os.unlink(path)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return SFTP_OK

    def chattr(self, path: str, attr: paramiko.SFTPAttributes) -> int:
        paramiko.SFTPServer.set_file_attr(path, attr)
        return SFTP_OK

    def mkdir(self, path: str, attr: paramiko.SFTPAttributes) -> int:
        try:
            os.mkdir(path, attr.st_mode or 0o700)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return SFTP_OK

    def posix_rename(self, oldpath: str, newpath: str) -> int:
        os.rename(oldpath, newpath)
        return SFTP_OK

    def rename(self, oldpath: str, newpath: str) -> int:
        os.rename(oldpath, newpath)
        return SFTP_OK


class PasswordServer:
    """The running server."""

    def __init__(self, folder: Path, *, has_sftp: bool, wants_key: bool) -> None:
        self._has_sftp = has_sftp
        self._wants_key = wants_key
        self.heard = threading.Event()
        """A client has said that it is still there."""
        self._key = paramiko.RSAKey.generate(2048)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.transports: list[paramiko.Transport] = []
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()
        self.folder = folder

    def close(self) -> None:
        """End everything."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for transport in self.transports:
            transport.close()
            transport.join()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connected, _ = self._listener.accept()
                transport = paramiko.Transport(connected)
                transport.add_server_key(self._key)
                if self._has_sftp:
                    transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files)
                self.transports.append(transport)
                with suppress(paramiko.SSHException, EOFError):
                    transport.start_server(server=_Door(self.heard, wants_key=self._wants_key))


@contextmanager
def run_password_server(folder: Path, *, has_sftp: bool = True, wants_key: bool = False) -> Iterator[PasswordServer]:
    """Run the server for the time of a test."""
    server = PasswordServer(folder, has_sftp=has_sftp, wants_key=wants_key)
    try:
        yield server
    finally:
        server.close()
