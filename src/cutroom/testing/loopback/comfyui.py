"""A ComfyUI server without models: it checks, queues and runs workflows like one, and makes bars and tones.

What it answers follows ComfyUI's own routes (docs.comfy.org, "Routes"; server.py and execution.py of Comfy-Org/ComfyUI):
the id of a job may be chosen by who submits it, pictures are uploaded into folders, history and queue are in memory.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import threading
import time
import uuid
from collections import Counter, deque
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from cutroom.testing.loopback.comfyui_nodes import NODES, make

Trouble = Literal["stall", "truncated", "page", "elsewhere", "500", "429", "cut"]
"""What can go wrong with an answer: none for a while, half of it, a page instead, a redirect to another host, a status, the
connection lost after the call was taken in."""

_UPGRADE = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""What a websocket's key is hashed with (RFC 6455, 1.3)."""


class ComfyUI:
    """The server. Use it in a ``with`` block; `url` says where it answers."""

    def __init__(
        self, *, old: bool = False, seconds: float = 0.0, missing: tuple[str, ...] = (), port: int = 0
    ) -> None:
        """With `old`, it chooses the ids of jobs itself. A job takes `seconds`. Nodes that are `missing` are not installed.

        It answers at `port`; 0 for any that is free.
        """
        self.old = old
        self.seconds = seconds
        self.nodes = {kind: said for kind, said in NODES.items() if kind not in missing}
        self.calls: Counter[str] = Counter()
        """How often each route was asked, as ``POST /prompt``."""
        self.prompts: list[dict[str, Any]] = []
        """The bodies of every job that was taken."""
        self.fails: str | None = None
        """What the next jobs fail with; None: they work."""
        self.files: dict[tuple[str, str, str], bytes] = {}
        """By type, folder and name."""
        self._script: dict[str, deque[Trouble]] = {}
        self._lock = threading.Lock()
        self._queue: deque[tuple[str, dict[str, Any], str]] = deque()
        self._running: list[str] = []
        self._history: dict[str, dict[str, Any]] = {}
        self._sockets: dict[str, list[Any]] = {}
        self._made = 0
        self._work = threading.Event()
        self._stopped = threading.Event()
        owner = self

        class Handler(_Handler):
            comfy = owner

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._threads = [
            threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True),
            threading.Thread(target=self._work_off, daemon=True),
        ]

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> ComfyUI:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._work.set()
        self._server.shutdown()
        self._server.server_close()
        for thread in self._threads:
            thread.join(5)

    def play(self, route: str, *troubles: Trouble) -> None:
        """Let the next answers of `route`, such as ``GET /view``, go wrong like this, one after the other."""
        self._script.setdefault(route, deque()).extend(troubles)

    def restart(self) -> None:
        """Forget the queue and the history, as a restarted server has."""
        with self._lock:
            self._queue.clear()
            self._running.clear()
            self._history.clear()

    def trouble(self, route: str) -> Trouble | None:
        """Count a call of `route`, and say what goes wrong with it."""
        with self._lock:
            self.calls[route] += 1
            waiting = self._script.get(route)
            return waiting.popleft() if waiting else None

    def take(self, body: dict[str, Any]) -> tuple[int, Any]:
        """POST /prompt: status and answer."""
        graph = body.get("prompt")
        if not isinstance(graph, dict):
            return 400, {
                "error": {"type": "no_prompt", "message": "No prompt provided", "details": ""},
                "node_errors": {},
            }
        job = str(uuid.uuid4()) if self.old else str(body.get("prompt_id") or uuid.uuid4())
        if not self.old and str(uuid.UUID(job)) != job:
            return 400, {"error": {"message": "prompt_id must be a valid UUID", "details": ""}, "node_errors": {}}
        refusal = self._refusal(graph)
        if refusal:
            return 400, refusal
        with self._lock:
            if any(item[0] == job for item in self._queue) or job in self._running:
                return 409, {"error": "prompt_id already exists"}
            self.prompts.append(body)
            self._queue.append((job, graph, str(body.get("client_id", ""))))
        self._work.set()
        return 200, {"prompt_id": job, "number": len(self.prompts), "node_errors": {}}

    def _refusal(self, graph: dict[str, Any]) -> dict[str, Any] | None:
        errors: dict[str, Any] = {}
        for name, node in graph.items():
            said = self.nodes.get(node["class_type"])
            if said is None:
                message = f"Cannot execute because node {node['class_type']} does not exist."
                return {"error": {"message": message, "details": f"Node ID '#{name}'"}, "node_errors": {}}
            wrong = [
                one for entry, spec in said["input"]["required"].items() if (one := self._wrong(node, entry, spec))
            ]
            if wrong:
                errors[name] = {"errors": wrong, "dependent_outputs": [], "class_type": node["class_type"]}
        if errors:
            return {"error": {"message": "Prompt outputs failed validation", "details": ""}, "node_errors": errors}
        return None

    def _wrong(self, node: dict[str, Any], entry: str, spec: list[Any]) -> dict[str, str] | None:
        if entry not in node["inputs"]:
            return {"message": "Required input is missing", "details": entry}
        value = node["inputs"][entry]
        details = spec[1] if len(spec) > 1 else {}
        if isinstance(value, list):
            return None
        if details.get("image_upload"):
            folder, _, name = value.rpartition("/")
            if ("input", folder, name) not in self.files:
                return {
                    "message": "Custom validation failed for node",
                    "details": f"{entry} - Invalid image file: {value}",
                }
        elif isinstance(spec[0], list) and value not in spec[0]:
            return {"message": "Value not in list", "details": f"{entry}: {value!r} not in {spec[0]}"}
        elif spec[0] == "INT" and (
            not isinstance(value, int) or not details.get("min", 0) <= value <= details.get("max", 2**64)
        ):
            return {"message": "Value out of range", "details": f"{entry}: {value!r}"}
        return None

    def upload(self, name: str, folder: str, content: bytes) -> dict[str, str]:
        """POST /upload/image."""
        self.files["input", folder, name] = content
        return {"name": name, "subfolder": folder, "type": "input"}

    def queue(self) -> dict[str, Any]:
        """GET /queue."""
        with self._lock:
            return {
                "queue_running": [[0, job, {}, {}, []] for job in self._running],
                "queue_pending": [[0, job, {}, {}, []] for job, _, _ in self._queue],
            }

    def history(self, job: str) -> dict[str, Any]:
        """GET /history/ID."""
        with self._lock:
            return {job: self._history[job]} if job in self._history else {}

    def listen(self, client: str, socket: Any) -> None:
        """Send the messages for `client` to `socket` from now on."""
        with self._lock:
            self._sockets.setdefault(client, []).append(socket)

    def _work_off(self) -> None:
        while not self._stopped.is_set():
            self._work.wait(1)
            with self._lock:
                if not self._queue:
                    self._work.clear()
                    continue
                job, graph, client = self._queue.popleft()
                self._running.append(job)
            self._run(job, graph, client)

    def _run(self, job: str, graph: dict[str, Any], client: str) -> None:
        samplers = [name for name, node in graph.items() if "seed" in node["inputs"]]
        for done in range(1, 5):
            for name in samplers:
                self._tell(client, "progress", {"prompt_id": job, "node": name, "value": done, "max": 4})
            if self.seconds and self._stopped.wait(self.seconds / 4):
                return
        entry: dict[str, Any] = {"outputs": {}, "status": {"status_str": "success", "completed": True, "messages": []}}
        if self.fails:
            said = {
                "node_id": "3",
                "node_type": "KSampler",
                "exception_type": "RuntimeError",
                "exception_message": self.fails,
            }
            entry["status"] = {"status_str": "error", "completed": False, "messages": [["execution_error", said]]}
        else:
            self._made += 1
            for name, (field, file_name, content) in make(graph, self.files, self._made).items():
                kind = "temp" if graph[name]["class_type"].startswith("Preview") else "output"
                self.files[kind, "", file_name] = content
                entry["outputs"][name] = {field: [{"filename": file_name, "subfolder": "", "type": kind}]}
                self._tell(client, "executed", {"prompt_id": job, "node": name})
        with self._lock:
            if job in self._running:  # not when it was forgotten meanwhile
                self._running.remove(job)
                self._history[job] = entry
        self._tell(client, "execution_error" if self.fails else "execution_success", {"prompt_id": job})

    def _tell(self, client: str, kind: str, data: dict[str, Any]) -> None:
        text = json.dumps({"type": kind, "data": data}).encode()
        head = struct.pack("!BB", 0x81, len(text)) if len(text) < 126 else struct.pack("!BBH", 0x81, 126, len(text))
        with self._lock:
            sockets = list(self._sockets.get(client, ()))
        for socket in sockets:
            try:
                socket.sendall(head + text)
            except OSError:
                with self._lock:
                    self._sockets[client].remove(socket)


class _Handler(BaseHTTPRequestHandler):
    """Reads requests and hands them to the server."""

    comfy: ComfyUI
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer a GET."""
        parts = urlsplit(self.path)
        first, _, rest = parts.path.lstrip("/").partition("/")
        trouble = self.comfy.trouble(f"GET /{first}")
        if first == "ws":
            self._socket(parse_qs(parts.query).get("clientId", [""])[0])
            return
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        match first:
            case "object_info" if rest:
                kind = unquote(rest)
                self._json(200, {kind: self.comfy.nodes[kind]} if kind in self.comfy.nodes else {}, trouble)
            case "object_info":
                self._json(200, self.comfy.nodes, trouble)
            case "history":
                self._json(200, self.comfy.history(unquote(rest)), trouble)
            case "queue":
                self._json(200, self.comfy.queue(), trouble)
            case "view":
                found = self.comfy.files.get(
                    (query.get("type", "output"), query.get("subfolder", ""), query.get("filename", ""))
                )
                self._send(200 if found is not None else 404, found or b"", "application/octet-stream", trouble)
            case _:
                self._json(404, {"error": "Not found"}, trouble)

    def do_POST(self) -> None:
        """Answer a POST."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        route = f"POST {urlsplit(self.path).path}"
        trouble = self.comfy.trouble(route)
        if route == "POST /prompt":
            if trouble in ("500", "429"):
                self._json(int(trouble), {"error": "busy"}, trouble)
                return
            status, answer = self.comfy.take(json.loads(body))
            self._json(status, answer, trouble)
        elif route == "POST /upload/image":
            fields = {part.get_param("name", header="content-disposition"): part for part in self._parts(body)}
            file = fields["image"]
            folder = str(fields["subfolder"].get_content()).strip() if "subfolder" in fields else ""
            content = file.get_payload(decode=True)
            assert isinstance(content, bytes)
            self._json(200, self.comfy.upload(str(file.get_filename()), folder, content), trouble)
        else:
            self._json(404, {"error": "Not found"}, trouble)

    def _parts(self, body: bytes) -> list[Any]:
        head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
        message: Message = BytesParser(policy=HTTP).parsebytes(head + body)
        return list(message.iter_parts())  # pyright: ignore[reportAttributeAccessIssue] - it is an EmailMessage

    def _json(self, status: int, body: Any, trouble: Trouble | None) -> None:
        self._send(status, json.dumps(body).encode(), "application/json", trouble)

    def _send(self, status: int, body: bytes, kind: str, trouble: Trouble | None) -> None:
        if trouble == "cut":
            self.close_connection = True
            self.connection.close()
            return
        if trouble == "stall":
            time.sleep(2)
        if trouble in ("500", "429"):
            status, body = int(trouble), b'{"error": "busy"}'
        if trouble == "page":
            body, kind = b"<!doctype html><title>Welcome</title><p>nothing here</p>", "text/html"
        self.send_response(302 if trouble == "elsewhere" else status)
        if trouble == "elsewhere":
            self.send_header("Location", "http://localhost.example/stolen")
        if trouble == "429":
            self.send_header("Retry-After", "0")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if trouble == "truncated" else body)
        if trouble == "truncated":
            self.close_connection = True

    def _socket(self, client: str) -> None:
        """Become a websocket (RFC 6455) that only speaks."""
        key = str(self.headers.get("Sec-WebSocket-Key", "")).encode()
        accept = base64.b64encode(hashlib.sha1(key + _UPGRADE).digest()).decode()
        self.send_response(101, "Switching Protocols")
        for name, value in (("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept)):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.flush()
        self.comfy.listen(client, self.connection)
        self.close_connection = True
        try:
            while self.connection.recv(4096):  # its close frame, or its end
                pass
        except OSError:
            pass
