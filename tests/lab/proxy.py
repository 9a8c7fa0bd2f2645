"""A TCP proxy before a server that a test can cut, stall or close, as networks do."""

import contextlib
import socket
import threading
from dataclasses import replace
from types import TracebackType
from typing import Self

from tests.lab.servers import Server

CHUNK_BYTES = 65536


class Proxy(Server):
    """The same server at another address, as long as the proxy lets through what is said."""

    def __init__(self, server: Server) -> None:
        self._behind = (server.settings.host, server.settings.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        super().__init__(replace(server.settings, host="127.0.0.1", port=self._listener.getsockname()[1]))
        self._flowing = threading.Event()
        self._flowing.set()
        self._refusing = False
        self._links: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def lead_to(self, server: Server) -> None:
        """Breaks every connection; new ones reach another server, as behind an address that moves."""
        self._behind = (server.settings.host, server.settings.port)
        self.cut()

    def cut(self) -> None:
        """Breaks every connection that stands; new ones are let through."""
        links, self._links = self._links, []
        for link in links:
            _close(link)

    def refuse(self) -> None:
        """Breaks every connection, and every new one at once, until `let_through`."""
        self._refusing = True
        self.cut()

    def stall(self) -> None:
        """Keeps connections open and lets not a byte through, until `let_through`."""
        self._flowing.clear()

    def let_through(self) -> None:
        """Behaves again; what was stalled arrives."""
        self._refusing = False
        self._flowing.set()

    def close(self) -> None:
        """Refuses for good."""
        _close(self._listener)
        self.refuse()
        self._flowing.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # the listener has been closed
            for client, _ in iter(self._listener.accept, None):
                self._link(client)

    def _link(self, client: socket.socket) -> None:
        if self._refusing:
            _close(client)
            return
        try:
            server = socket.create_connection(self._behind)
        except OSError:
            _close(client)
            return
        self._links += [client, server]
        threading.Thread(target=self._pump, args=(client, server), daemon=True).start()
        threading.Thread(target=self._pump, args=(server, client), daemon=True).start()

    def _pump(self, giver: socket.socket, taker: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := giver.recv(CHUNK_BYTES):
                self._flowing.wait()
                taker.sendall(data)
        _close(giver)
        _close(taker)


def _close(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)  # wakes up who is reading from it
    end.close()
