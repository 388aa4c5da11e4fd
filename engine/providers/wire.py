"""Sockets that obey the call in progress: its Stop button and its deadline reach into every blocked read.

The SDKs' own timeouts only bound the silence between two bytes, and closing a stream from another
thread leaves its reader blocked. Here every read of a call gets the seconds that are left, and Stop
shuts the very socket that is being read, before the first byte of the answer as well as after it.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from typing import Any, TypeVar

import httpcore2
import httpx2

from engine.llm import CallControl

CONNECT_S = 5.0
IDLE_CONNECTION_S = 60.0

T = TypeVar("T")


class Call:
    """One call on the wire. Network operations inside `with call.obeyed():` follow its control."""

    def __init__(self, control: CallControl) -> None:
        self.control = control
        self.patience = inf
        self._lock = threading.Lock()
        self._reading: socket.socket | None = None
        control.on_stop(self._cut)

    @contextmanager
    def obeyed(self) -> Iterator[None]:
        """Make this the call that the network operations of this thread belong to."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)

    def limited(self, timeout: float | None) -> float:
        """The seconds that an operation may take, of those it would take by itself."""
        return min(self.patience, self.control.seconds_left, inf if timeout is None else timeout)

    def wait(self, sock: socket.socket, operation: Callable[[float], T], timeout: float | None) -> T:
        """Run a network operation that may block, with the time that is left, open to Stop."""
        left = self.limited(timeout)
        if left <= 0:
            raise httpcore2.ReadTimeout("the deadline of the call has passed")
        self._hold(sock)
        try:
            if self.control.stopped:
                raise httpcore2.ReadError("the call was stopped")
            return operation(left)
        finally:
            self._hold(None)

    def _hold(self, sock: socket.socket | None) -> None:
        with self._lock:
            self._reading = sock

    def _cut(self) -> None:
        with self._lock:
            if self._reading is not None:
                try:
                    socket.socket.shutdown(self._reading, socket.SHUT_RDWR)
                except OSError:
                    return  # the other side was faster


_current: ContextVar[Call] = ContextVar("call")


class _Stream(httpcore2.NetworkStream):
    """A network stream whose blocking operations belong to the current call."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._obey(lambda left: self._stream.read(max_bytes, left), timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._obey(lambda left: self._stream.write(buffer, left), timeout)

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Stream(self._obey(lambda left: self._stream.start_tls(ssl_context, server_hostname, left), timeout))

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def _obey(self, operation: Callable[[float], T], timeout: float | None) -> T:
        return _current.get().wait(self._stream.get_extra_info("socket"), operation, timeout)


class _Backend(httpcore2.SyncBackend):
    """Opens connections whose streams belong to the current call."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        timeout = _current.get().limited(CONNECT_S if timeout is None else timeout)
        return _Stream(super().connect_tcp(host, port, timeout, local_address, socket_options))


class Transport(httpx2.HTTPTransport):
    """The transport of httpx2 on a pool of such connections; one for all clients of the process."""

    def __init__(self) -> None:
        self._pool = httpcore2.ConnectionPool(
            ssl_context=httpx2.create_ssl_context(),
            max_connections=None,
            max_keepalive_connections=32,
            keepalive_expiry=IDLE_CONNECTION_S,
            network_backend=_Backend(),
        )


TRANSPORT = Transport()


def http_client(kind: type[httpx2.Client] = httpx2.Client) -> httpx2.Client:
    """An HTTP client for one SDK: it goes where it is sent and nowhere else, and shares all connections."""
    return kind(transport=TRANSPORT, follow_redirects=False, trust_env=False)
