"""A long line between two ports of this computer: every byte arrives later, and no more than so many pass a second.

usage: python -m bench.link TARGET_PORT [--delay-ms 15] [--rate-mbit 100]

Prints the port it listens on. A line on its standard input is answered with ``<bytes up> <bytes down>`` since the last
one; the end of its input ends it. The delay is one-way. The rate holds for each direction, over all connections.
Acknowledges locally, so it shows round trips and windows of SSH, not those of TCP.
"""

import argparse
import asyncio
import contextlib
import socket
import sys
from collections import deque

BLOCK_BYTES = 64 << 10
MOST_UNDERWAY_BYTES = 32 << 20  # more than rate times delay ever is; beyond it the sender has to wait


class Direction:
    """What one direction of the whole line has carried and may carry."""

    def __init__(self, bytes_per_second: float) -> None:
        self.carried = 0
        self._bytes_per_second = bytes_per_second
        self._free_at = 0.0

    def departure(self, now: float, count: int) -> float:
        """Book ``count`` bytes; return when the last of them has left."""
        self.carried += count
        if not self._bytes_per_second:
            return now
        self._free_at = max(self._free_at, now) + count / self._bytes_per_second
        return self._free_at


class Pipe:
    """One direction of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: Direction, delay: float) -> None:
        self._reader, self._writer, self._line, self._delay = reader, writer, line, delay
        self._underway: deque[tuple[float, bytes]] = deque()
        self._underway_bytes = 0
        self._changed = asyncio.Condition()

    async def run(self) -> None:
        """Carry bytes until the sender closes; then close the other end as well."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._accept())
            tasks.create_task(self._deliver())

    async def _accept(self) -> None:
        clock = asyncio.get_running_loop().time
        while data := await self._reader.read(BLOCK_BYTES):
            departure = self._line.departure(clock(), len(data))
            await self._put(departure + self._delay, data)
            # A real line would not take more from its sender than it can send.
            if (wait := departure - clock()) > 0:
                await asyncio.sleep(wait)
        await self._put(clock() + self._delay, b"")

    async def _put(self, due: float, data: bytes) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._underway_bytes < MOST_UNDERWAY_BYTES)
            self._underway.append((due, data))
            self._underway_bytes += len(data)
            self._changed.notify_all()

    async def _deliver(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: bool(self._underway))
                due, data = self._underway[0]
            if (wait := due - clock()) > 0:
                await asyncio.sleep(wait)
            if not data:
                if self._writer.can_write_eof():
                    self._writer.write_eof()
                return
            self._writer.write(data)
            await self._writer.drain()
            async with self._changed:
                self._underway.popleft()
                self._underway_bytes -= len(data)
                self._changed.notify_all()


async def relay(target_port: int, delay_seconds: float, bytes_per_second: float) -> None:
    """Serve until standard input ends."""
    up, down = Direction(bytes_per_second), Direction(bytes_per_second)

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", target_port)
        for end in (writer, far_writer):
            end.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            async with asyncio.TaskGroup() as pipes:
                pipes.create_task(Pipe(reader, far_writer, up, delay_seconds).run())
                pipes.create_task(Pipe(far_reader, writer, down, delay_seconds).run())
        except* OSError:
            pass  # one end broke the connection; closing both is all a line can do
        finally:
            writer.close()
            far_writer.close()

    async with await asyncio.start_server(connect, "127.0.0.1", 0) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            print(up.carried, down.carried, flush=True)
            up.carried = down.carried = 0


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("target_port", type=int)
    parser.add_argument("--delay-ms", type=float, default=0.0)
    parser.add_argument("--rate-mbit", type=float, default=0.0)
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(relay(options.target_port, options.delay_ms / 1e3, options.rate_mbit * 1e6 / 8))


if __name__ == "__main__":
    main()
