"""Two queues: one in the shape of fal, and ACE-Step's task API. What they make is bars and tones."""

from __future__ import annotations

import itertools
import json
from typing import Any
from urllib.parse import quote

from cutroom.testing.loopback import media
from cutroom.testing.loopback.server import Answer, Asked, Loopback, refused, said


class Fal(Loopback):
    """A queue in the shape of fal: every path is a model, but for those of a job."""

    def __init__(self, *, polls: int = 1, **how: Any) -> None:
        """A job is done after so many questions."""
        super().__init__(**how)
        self.polls = polls
        self.jobs: dict[str, dict[str, Any]] = {}
        self.fails: dict[str, Any] | None = None
        """What every result is, as an error, while it is set."""
        self._files: dict[str, Answer] = {}
        self._ids = itertools.count(1)

    def restart(self) -> None:
        """Forget every job."""
        self.jobs.clear()

    def answer(self, asked: Asked) -> Answer:
        """A job handed in, its status, its result, or a file."""
        if asked.path in self._files:
            return self._files[asked.path]
        if asked.method == "POST":
            return self._hand_in(asked)
        model, _, rest = asked.path.partition("/requests/")
        known, _, which = rest.partition("/")
        job = self.jobs.get(known)
        if job is None or job["app"] != model.strip("/"):
            return said({"detail": "Request not found"}, 404)
        return self._status(job) if which == "status" else self._result(job)

    def _hand_in(self, asked: Asked) -> Answer:
        model = asked.path.strip("/")
        known = f"req-{next(self._ids)}"
        app = "/".join(model.split("/")[:2])
        self.jobs[known] = {"id": known, "app": app, "model": model, "asked": 0, "input": dict(asked.fields)}
        below = f"{self.host}/{app}/requests/{known}"
        return said(
            {
                "request_id": known,
                "response_url": below,
                "status_url": f"{below}/status",
                "cancel_url": f"{below}/cancel",
            }
        )

    def _status(self, job: dict[str, Any]) -> Answer:
        job["asked"] += 1
        if job["asked"] > self.polls:
            return said({"status": "COMPLETED", "logs": None})
        waiting = job["asked"] <= self.polls // 2
        return said({"status": "IN_QUEUE", "queue_position": 0} if waiting else {"status": "IN_PROGRESS"}, 202)

    def _result(self, job: dict[str, Any]) -> Answer:
        if job["asked"] <= self.polls:
            return said({"detail": "Request is still in progress"}, 400)
        if self.fails is not None:
            return said(self.fails, 422)
        given = job["input"]
        seconds = float(given.get("duration", 1))
        if "text" in given or "lyrics" in given or "music" in job["model"] or "sound" in job["model"]:
            seconds = 0.35 * len(given["text"].split()) if "text" in given else seconds
            return self._file(job, "audio", "wav", media.tone_wav(round(seconds, 3), 24_000), "audio/wav")
        if "duration" in given or "video_url" in given:
            return self._file(job, "video", "mp4", media.bars_mp4(160, 90, seconds), "video/mp4")
        size = given.get("image_size") or {"width": 64, "height": 48}
        return self._file(job, "images", "png", media.bars_png(size["width"], size["height"]), "image/png")

    def _file(self, job: dict[str, Any], name: str, ending: str, data: bytes, kind: str) -> Answer:
        path = f"/files/{job['id']}.{ending}"
        self._files[path] = Answer(200, data, kind)
        file = {"url": f"{self.host}{path}", "content_type": kind, "file_name": f"{job['id']}.{ending}"}
        return said({name: [file] if name == "images" else file, "seed": job["input"].get("seed", 0)})


class AceStep(Loopback):
    """ACE-Step's server: one worker, tasks in memory."""

    def __init__(self, *, polls: int = 1, **how: Any) -> None:
        """A task is done after so many questions."""
        super().__init__(**how)
        self.polls = polls
        self.tasks: dict[str, dict[str, Any]] = {}
        self.fails: str | None = None
        """What tasks fail with, while it is set."""
        self._ids = itertools.count(1)

    def restart(self) -> None:
        """Forget every task."""
        self.tasks.clear()

    def answer(self, asked: Asked) -> Answer:
        """By route."""
        if asked.route == "POST /release_task":
            known = f"task-{next(self._ids)}"
            self.tasks[known] = {"asked": 0, "input": dict(asked.fields)}
            return _wrapped({"task_id": known, "status": "queued", "queue_position": 1})
        if asked.route == "POST /query_result":
            return _wrapped([self._result(known) for known in asked.fields.get("task_id_list", [])])
        if asked.route == "GET /v1/audio":
            task = self.tasks.get(asked.query.get("path", "").removeprefix("/made/").removesuffix(".wav"))
            if task is None:
                return refused("File not found", 404)
            return Answer(200, media.tone_wav(float(task["input"].get("audio_duration", 10)), 24_000), "audio/wav")
        return refused("Not Found", 404)

    def _result(self, known: str) -> dict[str, Any]:
        task = self.tasks.get(known)
        if task is None:
            return {"task_id": known, "result": "[]", "status": 0}
        task["asked"] += 1
        if self.fails is not None:
            made: dict[str, Any] = {"file": "", "status": 2, "error": self.fails}
            return {"task_id": known, "result": json.dumps([made]), "status": 2}
        if task["asked"] <= self.polls:
            made = {"file": "", "status": 0, "stage": "running", "progress": task["asked"] / (self.polls + 1)}
            return {"task_id": known, "result": json.dumps([made]), "status": 0}
        path = quote(f"/made/{known}.wav", safe="")
        made = {"file": f"/v1/audio?path={path}", "status": 1, "metas": {"bpm": 96, "duration": 10}}
        return {"task_id": known, "result": json.dumps([made]), "status": 1}


def _wrapped(data: Any) -> Answer:
    return said({"data": data, "code": 200, "error": None, "timestamp": 0, "extra": None})
