"""How a job goes through a ComfyUI server, without the network: what is asked is yielded, what was answered is sent in.

Check the nodes, upload the pictures, submit under an id of our own, look it up until it is in the history. The server
keeps its queue and its history in memory: a job that is in neither is gone, and that is said.
"""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from cutroom.errors import GiveUp, Vanished
from cutroom.net.exchange import WORDS, Request, Response
from cutroom.performers.comfyui.guesses import Graph, by_number
from cutroom.performers.flow import Flow, Submitted, Wait, ask, pause_before

FOLDER = "cutroom"
"""The folder below the server's input folder that our pictures go to."""

MOST_FILES = 4096
"""So many files of one job are looked at."""

_FIRST_WAIT, _LAST_WAIT = 0.25, 3.0


@dataclass(frozen=True)
class Upload:
    """A file that a workflow needs on the server."""

    name: str
    """The value that it is for, such as ``image``."""
    file_name: str
    content: bytes
    media_type: str


@dataclass(frozen=True)
class Output:
    """A file that a job left on the server."""

    node: str
    file_name: str
    subfolder: str
    kind: str
    """``output``, or ``temp`` for previews."""

    def request(self, into: Path) -> Request:
        """How to fetch it into the file `into`."""
        query = {"filename": self.file_name, "subfolder": self.subfolder, "type": self.kind}
        return Request("GET", f"view?{urlencode(query)}", into=into)


def job_id(token: str) -> str:
    """The id under which the take with this token is submitted: the same after a crash. A UUID, as new servers demand."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"cutroom:{token}")) if token else str(uuid.uuid4())


def nodes(graph: Graph) -> Flow[dict[str, Any]]:
    """What the server knows about each kind of node in `graph`: kind → its description; {} for one that it has not."""
    known: dict[str, Any] = {}
    for kind in sorted({node["class_type"] for node in graph.values()}):
        answer = yield from ask(Request("GET", f"object_info/{quote(kind, safe='')}", takes=(404,)))
        body = answer.json() if answer.status == 200 else {}
        said = body.get(kind) if isinstance(body, dict) else None
        known[kind] = said if isinstance(said, dict) else {}
    return known


def upload(file: Upload) -> Flow[str]:
    """The name that the server gave the file, as nodes take it. The same file is uploaded under the same name."""
    request = Request(
        "POST",
        "upload/image",
        form={"type": "input", "subfolder": FOLDER, "overwrite": "true"},
        files=(("image", file.content, file.file_name, file.media_type),),
        harmless=True,
    )
    answer = yield from ask(request)
    body = answer.json()
    if not isinstance(body, dict) or not isinstance(body.get("name"), str):
        raise GiveUp(f"{answer.where}: the server does not say what it called {file.file_name}; is it a ComfyUI?")
    folder = body.get("subfolder")
    return f"{folder}/{body['name']}" if isinstance(folder, str) and folder else body["name"]


def submit(graph: Graph, job: str, client: str, *, paid: bool) -> Flow[str]:
    """The id of the job once the server has taken it: ours, or the one that an older server chose."""
    held = yield from _holds(job)
    if not held:
        body = {"prompt": graph, "prompt_id": job, "client_id": client}
        answer = yield from ask(Request("POST", "prompt", json=body, paid=paid, takes=(400, 409)))
        if answer.status == 400:
            raise GiveUp(f"{answer.where}: {refused(answer.json(), graph)}")
        job = _given(answer, job)
    yield Submitted(job)
    return job


def outcome(job: str, *, paid: bool) -> Flow[tuple[Output, ...]]:
    """The files that the job left, once it is done; files before previews, in the order of the nodes.

    Raises GiveUp when the workflow failed, saying where; Vanished when the server has forgotten the job.
    """
    for poll in itertools.count():
        entry = yield from _entry(job)
        if entry is None and not (yield from _queued(job)):
            entry = yield from _entry(job)  # it may have been done between the two questions
            if entry is None:
                raise _gone(job, paid=paid)
        if entry is not None:
            return _outputs(entry, job)
        yield Wait(pause_before(poll, first=_FIRST_WAIT, longest=_LAST_WAIT))
    raise AssertionError("it counts for ever")


def refused(body: Any, graph: Graph) -> str:
    """Why the server would not take a graph, from its answer: what is wrong, at which nodes."""
    if not isinstance(body, dict):
        return str(body)[:WORDS]
    error = body.get("error")
    head = _sentence(error) if isinstance(error, dict) else str(error or "the workflow was refused")
    parts = [head]
    wrong = body.get("node_errors")
    for node, said in wrong.items() if isinstance(wrong, dict) else ():
        kind = graph.get(node, {}).get("class_type", "?")
        errors = said.get("errors", ()) if isinstance(said, dict) else ()
        parts += [f"node {node} ({kind}): {_sentence(one)}" for one in errors if isinstance(one, dict)]
    return "; ".join(parts)[: 3 * WORDS]


def _sentence(error: Mapping[str, Any]) -> str:
    return ": ".join(str(error[name]) for name in ("message", "details") if error.get(name))


def _given(answer: Response, job: str) -> str:
    """The job's id as the server has it. 409: the server holds a job of this id already, which is ours."""
    if answer.status == 409:
        return job
    body = answer.json()
    given = body.get("prompt_id") if isinstance(body, dict) else None
    if not isinstance(given, str) or not given:
        raise GiveUp(f"{answer.where}: the server took the workflow and gave no id; is it a ComfyUI?", billed=None)
    return given


def _holds(job: str) -> Flow[bool]:
    """True when the server has this job already: an earlier attempt was submitted, and nobody was told."""
    return (yield from _entry(job)) is not None or (yield from _queued(job))


def _entry(job: str) -> Flow[dict[str, Any] | None]:
    """What the history says about the job; None while it is not done."""
    answer = yield from ask(Request("GET", f"history/{quote(job, safe='')}", takes=(404,)))
    body = answer.json() if answer.status == 200 else {}
    entry = body.get(job) if isinstance(body, dict) else None
    return entry if isinstance(entry, dict) else None


def _queued(job: str) -> Flow[bool]:
    """True while the job runs or waits."""
    answer = yield from ask(Request("GET", "queue"))
    body = answer.json()
    lists = [body.get(name) for name in ("queue_running", "queue_pending")] if isinstance(body, dict) else []
    items = [item for listed in lists if isinstance(listed, list) for item in listed]
    return any(isinstance(item, list) and len(item) > 1 and item[1] == job for item in items)


def _gone(job: str, *, paid: bool) -> Vanished:
    told = f"the ComfyUI server no longer knows the job {job}: it was started anew, or its queue or history was cleared"
    return Vanished(f"{told}; {'the work may have been done, and billed' if paid else 'nothing was billed'}")


def _outputs(entry: Mapping[str, Any], job: str) -> tuple[Output, ...]:
    status = entry.get("status")
    if isinstance(status, dict) and status.get("status_str") == "error":
        raise GiveUp(f"the workflow failed on the server: {_failure(status.get('messages'))}")
    listed = entry.get("outputs")
    graph: Mapping[str, Any] = listed if isinstance(listed, dict) else {}
    found = [file for node in by_number(dict(graph)) for file in _files(node, graph[node])]
    if not found:
        raise GiveUp(
            f"the workflow ran as job {job} and left no file; does it end with a node that saves what it made?"
        )
    return tuple(sorted(found[:MOST_FILES], key=lambda file: file.kind != "output"))


def _files(node: str, said: Any) -> Iterable[Output]:
    """Every file that a node tells of, whatever it calls them: images, gifs, audio, video."""
    for listed in said.values() if isinstance(said, dict) else ():
        for file in listed if isinstance(listed, list) else ():
            if isinstance(file, dict) and isinstance(file.get("filename"), str):
                yield Output(
                    node, file["filename"], str(file.get("subfolder") or ""), str(file.get("type") or "output")
                )


def _failure(messages: Any) -> str:
    """What a job's messages say about its end."""
    for message in reversed(messages if isinstance(messages, list) else []):
        if not (isinstance(message, list) and len(message) == 2 and isinstance(message[1], dict)):
            continue
        event, data = message
        where = f"node {data.get('node_id')} ({data.get('node_type')})"
        if event == "execution_error":
            return f"{where}: {data.get('exception_type')}: {' '.join(str(data.get('exception_message')).split())}"[
                :WORDS
            ]
        if event == "execution_interrupted":
            return f"{where}: somebody stopped it there"
    return json.dumps(messages, default=str)[:WORDS] if messages else "it does not say why"
