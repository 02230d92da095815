"""A chat server on the loopback: follows a script, or fills in the smallest object that fits what it is asked for.

It speaks ``POST /v1/chat/completions`` (whole and streamed) and ``GET /v1/models`` as OpenAI's servers do, so that the
official client is content with it, and misbehaves on order. It has no skill: what it says by itself is "bars and tone".
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

MODEL = "bars-and-tone"
"""The one model that it has."""

WORDS = "bars and tone"
"""What it says when nobody told it what to say."""

_PIECE = 12
"""Characters in a piece of a stream."""
_MOST_PIECES = 200_000


@dataclass(frozen=True)
class Play:
    """What the server does with one call."""

    message: Mapping[str, Any] = field(default_factory=dict)
    """The assistant's message, as in the dialect."""
    finish: str | None = "stop"
    usage: bool = True
    status: int = 200
    body: bytes | None = None
    """Sent as it is, in place of an answer."""
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    stall: float = 0.0
    """Seconds before anything is sent."""
    cut: bool = False
    """The connection is closed in the middle of the answer."""
    open_end: bool = False
    """A stream ends without a finish and without ``[DONE]``."""
    endless: str = ""
    """This is streamed again and again until the client goes away."""


def says(text: str | None, *, finish: str | None = "stop", usage: bool = True, **fields: Any) -> Play:
    """The model says `text`; `fields` go into its message (``reasoning_content``, ``refusal``)."""
    return Play({"role": "assistant", "content": text, **fields}, finish, usage)


def calls(*tools: tuple[str, Any], text: str | None = None, finish: str = "tool_calls") -> Play:
    """The model calls tools: (name, arguments), the arguments as text or as an object."""
    made = [
        {
            "id": f"call_{number}",
            "type": "function",
            "function": {"name": name, "arguments": given if isinstance(given, str) else json.dumps(given)},
        }
        for number, (name, given) in enumerate(tools)
    ]
    return Play({"role": "assistant", "content": text, "tool_calls": made}, finish)


def fails(status: int, message: str, *, retry_after: str = "", code: str | None = None) -> Play:
    """The call fails with `status` and these words."""
    error = {"error": {"message": message, "type": "error", "param": None, "code": code}}
    headers = {"Retry-After": retry_after} if retry_after else {}
    return Play(status=status, body=json.dumps(error).encode(), headers=headers)


def raw(body: bytes, *, kind: str = "application/json", status: int = 200, **headers: str) -> Play:
    """These bytes, whatever they are."""
    return Play(status=status, body=body, kind=kind, headers=headers)


class ChatServer:
    """The server. Use as a context manager; it answers at `url` until the block is left.

    With `tools` or `schemas` false it refuses them as servers do that have none. With `key`, it wants that key.
    """

    def __init__(
        self,
        *plays: Play | Callable[[dict[str, Any]], Play],
        tools: bool = True,
        schemas: bool = True,
        key: str | None = None,
        port: int = 0,
    ) -> None:
        """Plays `plays` one after the other, and after the last whatever fits. Port 0 is any that is free."""
        self.plays = list(plays)
        self.tools = tools
        self.schemas = schemas
        self.key = key
        self.bodies: list[dict[str, Any]] = []
        """What was asked, in order."""
        self.headers: list[dict[str, str]] = []
        """With which headers, by names in lower case."""
        self.pieces = 0
        """How many pieces of endless answers went out."""
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.chat = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """The address to configure."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    @property
    def calls(self) -> int:
        """How many calls came."""
        return len(self.bodies)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        with self._lock:
            left = list(self._open)
        for connection in left:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)

    def play(self, body: dict[str, Any], headers: Mapping[str, str]) -> Play:
        """What to do with this call."""
        with self._lock:
            self.bodies.append(body)
            self.headers.append({name.lower(): value for name, value in headers.items()})
            if self.key is not None and self.headers[-1].get("authorization") != f"Bearer {self.key}":
                return fails(401, "Incorrect API key provided", code="invalid_api_key")
            if "tools" in body and not self.tools:
                return fails(400, f"{body.get('model')} does not support tools")
            if "response_format" in body and not self.schemas:
                return fails(400, "'response_format' of type 'json_schema' is not supported")
            play = self.plays.pop(0) if self.plays else _fitting
        return play if isinstance(play, Play) else play(body)

    def entered(self, connection: socket.socket) -> None:
        """A connection was opened."""
        with self._lock:
            self._open.add(connection)

    def left(self, connection: socket.socket) -> None:
        """A connection was closed."""
        with self._lock:
            self._open.discard(connection)


def _fitting(body: dict[str, Any]) -> Play:
    """The smallest object that fits the schema in `body`; words when it has none."""
    tools = body.get("tools")
    if tools:
        function = tools[0]["function"]
        return calls((function["name"], smallest(function.get("parameters", {}))))
    schema = body.get("response_format", {}).get("json_schema", {}).get("schema")
    return says(json.dumps(smallest(schema)) if schema else WORDS)


def smallest(schema: Mapping[str, Any]) -> Any:
    """The smallest value that fits a JSON Schema of objects, lists, enums and scalars."""
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return smallest(schema["anyOf"][0])
    match schema.get("type"):
        case "object":
            fields = schema.get("properties", {})
            return {name: smallest(fields[name]) for name in schema.get("required", ()) if name in fields}
        case "array":
            return [smallest(schema.get("items", {}))]
        case "integer" | "number":
            return 1
        case "boolean":
            return False
        case "null":
            return None
    return WORDS


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    chat: ChatServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error here; tests look at what the client says."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet, or each call waits for an acknowledgement
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server.chat.entered(self.connection)

    def finish(self) -> None:
        self.server.chat.left(self.connection)
        with suppress(OSError):
            super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed."""

    def do_GET(self) -> None:
        if self.path.rstrip("/").endswith("/models"):
            listed = {"id": MODEL, "object": "model", "created": 0, "owned_by": "cutroom.testing"}
            self._send(raw(json.dumps({"object": "list", "data": [listed]}).encode()))
        else:
            self._send(fails(404, f"Invalid URL (GET {self.path})"))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        if not self.path.rstrip("/").endswith("/chat/completions"):
            self._send(fails(404, f"Invalid URL (POST {self.path})"))
            return
        play = self.server.chat.play(body, dict(self.headers.items()))
        time.sleep(play.stall)
        if play.body is not None:
            self._send(play)
        elif body.get("stream"):
            self._stream(play, body)
        else:
            self._answer(play, body)

    def _answer(self, play: Play, body: dict[str, Any]) -> None:
        message = dict(play.message)
        if play.endless:
            message = {"role": "assistant", "content": play.endless * (int(body.get("max_tokens", 64)) * 4)}
        answer: dict[str, Any] = {
            "id": "chatcmpl-0",
            "object": "chat.completion",
            "created": 0,
            "model": body.get("model", MODEL),
            "choices": [{"index": 0, "message": message, "finish_reason": play.finish, "logprobs": None}],
        }
        if play.usage:
            answer["usage"] = _usage(body, message)
        data = json.dumps(answer).encode()
        self._send(Play(body=data, headers=play.headers, cut=play.cut, status=play.status))

    def _send(self, play: Play) -> None:
        data = play.body or b""
        self.send_response(play.status)
        self.send_header("Content-Type", play.kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in play.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if play.cut else data)
        self.wfile.flush()
        if play.cut:
            self._hang_up()

    def _stream(self, play: Play, body: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        pieces = list(_pieces(play))
        for piece in pieces[: len(pieces) // 2] if play.cut else pieces:
            self._event(_chunk(body, piece, None))
        if play.cut:
            self.wfile.flush()
            self._hang_up()
            return
        for _ in range(_MOST_PIECES if play.endless else 0):
            self._event(_chunk(body, {"content": play.endless}, None))
            self.wfile.flush()
            self.server.chat.pieces += 1
        if not play.open_end:
            self._event(_chunk(body, {}, play.finish))
            if play.usage and body.get("stream_options", {}).get("include_usage"):
                self._event({**_chunk(body, {}, None), "choices": [], "usage": _usage(body, play.message)})
            self._event("[DONE]")
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def _event(self, event: Any) -> None:
        data = f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n".encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


def _pieces(play: Play) -> Iterator[dict[str, Any]]:
    """A message as the deltas of a stream."""
    yield {"role": "assistant", "content": ""}
    message = play.message
    for name in ("reasoning_content", "content", "refusal"):
        text = message.get(name) or ""
        for at in range(0, len(text), _PIECE):
            yield {name: text[at : at + _PIECE]}
    for index, call in enumerate(message.get("tool_calls") or ()):
        function = call["function"]
        yield {"tool_calls": [{**call, "index": index, "function": {"name": function["name"], "arguments": ""}}]}
        for at in range(0, len(function["arguments"]), _PIECE):
            yield {"tool_calls": [{"index": index, "function": {"arguments": function["arguments"][at : at + _PIECE]}}]}


def _chunk(body: Mapping[str, Any], delta: Mapping[str, Any], finish: str | None) -> dict[str, Any]:
    return {
        "id": "chatcmpl-0",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": body.get("model", MODEL),
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }


def _usage(body: Mapping[str, Any], message: Mapping[str, Any]) -> dict[str, int]:
    """Words stand for tokens."""
    tokens_in, tokens_out = (len(json.dumps(what).split()) for what in (body.get("messages", []), dict(message)))
    return {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, "total_tokens": tokens_in + tokens_out}
