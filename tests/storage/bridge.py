"""A proxy command for tests: ``bridge.py HOST PORT`` copies between a TCP connection and its own input and output."""

import os
import selectors
import socket
import sys


def main() -> None:
    with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as line, selectors.DefaultSelector() as selector:
        selector.register(0, selectors.EVENT_READ, lambda: (os.read(0, 1 << 16), line.sendall))
        selector.register(line, selectors.EVENT_READ, lambda: (line.recv(1 << 16), write_all))
        while True:
            for key, _ in selector.select():
                data, send = key.data()
                if not data:
                    return
                send(data)


def write_all(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]


if __name__ == "__main__":
    main()
