"""What the loopback servers share: routes, what was asked, answers that go wrong on order, and slots that fill up.

A server answers on 127.0.0.1 at a port that is free, in threads, until its ``with`` block ends.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

_LONGEST_BODY = 1 << 28


@dataclass(frozen=True)
class Upload:
    """A file of a form."""

    name: str
    """As the sender calls it."""
    kind: str
    data: bytes


@dataclass(frozen=True)
class Asked:
    """One call, as the server understood it."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """By names in lower case."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Of the JSON or of the form."""
    files: Mapping[str, tuple[Upload, ...]] = field(default_factory=dict)
    """By field."""

    @property
    def route(self) -> str:
        """Such as ``POST /v1/videos``."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Answer:
    """What the server sends; with the other fields, how it goes wrong."""

    status: int = 200
    body: bytes = b""
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    stall: float = 0.0
    """Seconds before anything is sent."""
    cut: bool = False
    """The connection is closed in the middle of the body."""
    silent: bool = False
    """The connection is closed before anything is sent."""
    endless: bool = False
    """The body is sent again and again until nobody reads it any more, without saying how long it is."""
    claims: int | None = None
    """The length that is announced in place of the true one."""
    works: bool = False
    """The call is carried out first, and then this is sent in place of the answer."""


def said(value: Any, status: int = 200, **how: Any) -> Answer:
    """JSON."""
    return Answer(status, json.dumps(value).encode(), **how)


def refused(message: str, status: int = 400, *, code: str | None = None, param: str | None = None) -> Answer:
    """An error in OpenAI's shape."""
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return said({"error": error}, status)


class Loopback:
    """A server. Subclass it and answer calls in `answer`."""

    def __init__(self, *, key: str | None = None, slots: int = 64, port: int = 0) -> None:
        """With `key`, calls without it are refused. At most `slots` pieces of work are under way at a time.

        It answers at `port`; 0 for any that is free.
        """
        self.key = key
        self.port = port
        self.calls: Counter[str] = Counter()
        """How often each route was asked, as ``POST /v1/videos``."""
        self.asked: list[Asked] = []
        """Every call, in order."""
        self.worked = 0.0
        """Seconds of work, over all slots."""
        self.most_at_once = 0
        """The most pieces of work that were under way together."""
        self.before = ""
        """What stands before every path, such as ``/v1``."""
        self._slots = threading.Semaphore(slots)
        self._under_way = 0
        self._script: dict[str, deque[Answer]] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._server: _Server | None = None

    def __enter__(self) -> Self:
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.close_all()
            self._server.server_close()

    @property
    def host(self) -> str:
        """Such as ``http://127.0.0.1:40123``."""
        assert self._server is not None, "the server has not been started: use it in a with block"
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        """The address to configure."""
        return f"{self.host}{self.before}"

    def will(self, route: str, *answers: Answer) -> Self:
        """The next calls of `route` get these answers, whatever they ask."""
        self._script.setdefault(route, deque()).extend(answers)
        return self

    def answer(self, asked: Asked) -> Answer:
        """What is answered to a call."""
        raise NotImplementedError

    @contextmanager
    def slot(self, seconds: float) -> Iterator[None]:
        """One piece of work of so many seconds, when a slot is free."""
        with self._slots:
            with self._lock:
                self._under_way += 1
                self.most_at_once = max(self.most_at_once, self._under_way)
            began = time.monotonic()
            self._stopped.wait(seconds)
            try:
                yield
            finally:
                with self._lock:
                    self._under_way -= 1
                    self.worked += time.monotonic() - began

    def reply(self, asked: Asked) -> Answer:
        """The next answer for a call: from the script, else a real one."""
        with self._lock:
            self.calls[asked.route] += 1
            self.asked.append(asked)
            waiting = self._script.get(asked.route)
            play = waiting.popleft() if waiting else None
        if play is not None and not play.works:
            return play
        if self.key is not None and self.key not in asked.headers.get("authorization", ""):
            return refused(f"Incorrect API key provided: {asked.headers.get('authorization', '')}.", 401)
        made = self.answer(asked)
        return made if play is None else play

    def sleep(self, seconds: float) -> None:
        """Stall, but not after the server was stopped."""
        self._stopped.wait(seconds)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, owner: Loopback) -> None:
        self.owner = owner
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", owner.port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, so that none outlives the server."""
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget it."""
        self.connections.discard(request)
        super().shutdown_request(request)

    def close_all(self) -> None:
        """Close what clients keep open."""
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Any call."""
        owner = self.server.owner  # pyright: ignore[reportAttributeAccessIssue]
        answer = owner.reply(self._read())
        if answer.stall:
            owner.sleep(answer.stall)
        if answer.silent:
            self.close_connection = True
            return
        self._send(answer)

    do_POST = do_PUT = do_DELETE = do_HEAD = do_GET  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def _read(self) -> Asked:
        parts = urlsplit(self.path)
        body = self.rfile.read(min(_LONGEST_BODY, int(self.headers.get("content-length") or 0)))
        if "chunked" in self.headers.get("transfer-encoding", ""):
            body = self._chunks()
        kind = self.headers.get("content-type", "")
        fields, files = _parsed(body, kind)
        return Asked(
            self.command,
            unquote(parts.path),
            {name: values[0] for name, values in parse_qs(parts.query).items()},
            {name.lower(): value for name, value in self.headers.items()},
            fields,
            files,
        )

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline().partition(b";")[0] or b"0", 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _send(self, answer: Answer) -> None:
        lines = [f"HTTP/1.1 {answer.status} {self.responses.get(answer.status, ('Other',))[0]}"]
        lines += [f"Content-Type: {answer.kind}", *(f"{name}: {value}" for name, value in answer.headers.items())]
        if answer.endless:
            lines.append("Connection: close")
        else:
            lines.append(f"Content-Length: {len(answer.body) if answer.claims is None else answer.claims}")
        self.close_connection = self.close_connection or answer.endless or answer.cut or answer.claims is not None
        head = "\r\n".join([*lines, "", ""]).encode()
        with suppress(OSError):
            # In one piece: two would wait for each other (Nagle's algorithm and delayed acknowledgements).
            self.wfile.write(head + (answer.body[: len(answer.body) // 2] if answer.cut else answer.body))
            while answer.endless and answer.body:
                self.wfile.write(answer.body)


def _parsed(body: bytes, kind: str) -> tuple[dict[str, Any], dict[str, tuple[Upload, ...]]]:
    if kind.startswith("application/json") and body:
        value = json.loads(body)
        return (value if isinstance(value, dict) else {"": value}), {}
    if kind.startswith("application/x-www-form-urlencoded"):
        return {name: values[0] for name, values in parse_qs(body.decode()).items()}, {}
    if not kind.startswith("multipart/form-data"):
        return {}, {}
    message: Any = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    fields: dict[str, Any] = {}
    files: dict[str, tuple[Upload, ...]] = {}
    for part in message.iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        data = part.get_payload(decode=True) or b""
        if part.get_filename() is None:
            fields[name] = data.decode()
        else:
            files[name] = (*files.get(name, ()), Upload(part.get_filename(), part.get_content_type(), data))
    return fields, files
