"""A server in OpenAI's shapes: pictures, clips, voices, transcripts and sounds. The official client is content with it.

It can be strict like the hosted one (unknown fields are refused, few sizes and lengths) or take anything, as self-hosted
servers do; clips may be asked for as a form or as JSON. What it makes is bars and tones.
"""

from __future__ import annotations

import base64
import itertools
import time
from collections.abc import Collection
from typing import Any

from cutroom.testing.loopback import media
from cutroom.testing.loopback.server import Answer, Asked, Loopback, refused, said

MODEL = "bars-and-tone"
"""The one model that it has."""
VOICES = ("alto", "bass")
FORBIDDEN = "forbidden"
"""A prompt with this word in it is refused by moderation."""

_PLAIN_SIZE = (64, 48)


class OpenAI(Loopback):
    """The server. `url` ends in ``/v1``."""

    def __init__(
        self,
        *,
        refuses: Collection[str] = (),
        sizes: tuple[str, ...] = (),
        lengths: tuple[int, ...] = (),
        links: str | None = None,
        wants_json: bool = False,
        polls: int = 1,
        seconds: float = 0.0,
        **how: Any,
    ) -> None:
        """Strict or lenient.

        Args:
            refuses: Fields that it does not know.
            sizes: The only sizes that it makes; empty: any.
            lengths: The only lengths of clips that it makes, in seconds; empty: any.
            links: Pictures are answered by address: this, or ``own`` for one below its own root.
            wants_json: Clips must be asked for as JSON.
            polls: After so many questions a clip is done.
            seconds: How long a picture takes, in its slot.
            how: See `Loopback`.
        """
        super().__init__(**how)
        self.before = "/v1"
        self.refuses = frozenset(refuses)
        self.sizes = sizes
        self.lengths = lengths
        self.links = links
        self.wants_json = wants_json
        self.polls = polls
        self.seconds = seconds
        self.jobs: dict[str, dict[str, Any]] = {}
        """Clips under way, by id."""
        self.voices: Any = {"voices": [{"id": name} for name in VOICES]}
        """What the list of voices answers; None: there is no such list."""
        self._kept: dict[str, bytes] = {}
        self._ids = itertools.count(1)

    def restart(self) -> None:
        """Forget every job, as a server does that keeps them in memory."""
        self.jobs.clear()

    def answer(self, asked: Asked) -> Answer:
        """By route."""
        routes = {
            "POST /v1/images/generations": self._picture,
            "POST /v1/images/edits": self._edit,
            "POST /v1/videos": self._create,
            "POST /v1/audio/speech": self._speech,
            "POST /v1/audio/transcriptions": self._transcript,
            "POST /v1/audio/generate": self._sound,
            "GET /v1/audio/voices": self._voices,
            "GET /v1/models": lambda _: said({"object": "list", "data": [{"id": MODEL, "object": "model"}]}),
        }
        handle = routes.get(asked.route)
        if handle is None:
            return self._of_a_job(asked)
        return self._trouble(asked) or handle(asked)

    def _trouble(self, asked: Asked) -> Answer | None:
        """What a strict server refuses before it begins."""
        for name in asked.fields:
            if name in self.refuses:
                return refused(f"Unknown parameter: '{name}'.", code="unknown_parameter", param=name)
        model = asked.fields.get("model", MODEL)
        if model != MODEL:
            return refused(f"The model '{model}' does not exist.", 404, code="model_not_found", param="model")
        if FORBIDDEN in str(asked.fields.get("prompt", "")):
            return refused("Your request was rejected by the safety system.", code="moderation_blocked")
        size = asked.fields.get("size")
        if size and self.sizes and size not in self.sizes:
            listed = ", ".join(f"'{one}'" for one in self.sizes)
            return refused(f"Invalid value: '{size}'. Supported values are: {listed}.", param="size")
        return None

    def _picture(self, asked: Asked) -> Answer:
        with self.slot(self.seconds):
            width, height = _size(asked)
            return self._pictured(media.bars_png(width, height, int(asked.fields.get("seed", 0)) % 7))

    def _edit(self, asked: Asked) -> Answer:
        sent = asked.files.get("image[]") or asked.files.get("image") or ()
        if not sent:
            return refused("Missing required parameter: 'image'.", param="image")
        with self.slot(self.seconds):
            return self._pictured(media.framed_png(sent[0].data, *_size(asked)))

    def _pictured(self, png: bytes) -> Answer:
        if self.links is None:
            return said({"created": int(time.time()), "data": [{"b64_json": base64.b64encode(png).decode()}]})
        name = f"img-{next(self._ids)}"
        self._kept[name] = png
        url = f"/v1/images/{name}/content" if self.links == "own" else self.links
        return said({"created": int(time.time()), "data": [{"url": url}]})

    def _create(self, asked: Asked) -> Answer:
        if self.wants_json and not asked.headers.get("content-type", "").startswith("application/json"):
            detail = {"type": "model_attributes_type", "loc": ["body"], "msg": "Input should be a valid dictionary"}
            return said({"detail": [detail]}, 422)
        seconds = str(asked.fields.get("seconds", "4"))
        if self.lengths and seconds not in map(str, self.lengths):
            listed = ", ".join(f"'{one}'" for one in self.lengths)
            return refused(f"Invalid value: '{seconds}'. Supported values are: {listed}.", param="seconds")
        job: dict[str, Any] = {
            "id": f"video_{next(self._ids)}",
            "object": "video",
            "created_at": int(time.time()),
            "model": asked.fields.get("model", MODEL),
            "status": "queued",
            "progress": 0,
            "seconds": seconds,
            "size": asked.fields.get("size", "64x48"),
        }
        reference = asked.files.get("input_reference", ())
        shown = reference[0].data if reference else _held(asked.fields.get("input_reference"))
        self.jobs[job["id"]] = job | {"asked": 0, "shown": shown}
        return said(job)

    def _of_a_job(self, asked: Asked) -> Answer:
        """``GET /v1/videos/{id}`` and its content; pictures by address."""
        parts = asked.path.strip("/").split("/")
        if parts[1:2] == ["images"] and parts[-1] == "content" and parts[2] in self._kept:
            return Answer(200, self._kept[parts[2]], "image/png")
        if parts[1:2] != ["videos"] or len(parts) < 3 or asked.method != "GET":
            return refused(f"Unknown request URL: {asked.route}.", 404)
        job = self.jobs.get(parts[2])
        if job is None:
            return refused(f"Video {parts[2]} not found.", 404, code="not_found")
        if parts[3:] == ["content"]:
            return self._content(job)
        job["asked"] += 1
        if job["status"] not in ("failed", "completed"):
            job["status"] = "completed" if job["asked"] > self.polls else "in_progress"
            job["progress"] = min(100, 100 * job["asked"] // (self.polls + 1))
        return said({name: value for name, value in job.items() if name not in ("asked", "shown")})

    def _content(self, job: dict[str, Any]) -> Answer:
        if job["status"] != "completed":
            return refused("Video is not ready yet.", 409)
        width, height = (int(side) for side in job["size"].split("x"))
        shown = job["shown"] if job["shown"] and job["shown"][:4] == b"\x89PNG" else None
        return Answer(200, media.bars_mp4(width, height, float(job["seconds"]), shown), "video/mp4")

    def _speech(self, asked: Asked) -> Answer:
        voice = asked.fields.get("voice")
        if voice not in VOICES:
            return refused(f"voice {voice!r} is not one of {', '.join(VOICES)}", param="voice")
        words = str(asked.fields.get("input", "")).split()
        seconds = 0.35 * len(words) / float(asked.fields.get("speed", 1.0))
        return Answer(200, media.tone_wav(round(seconds, 3), 24_000, len(words)), "audio/wav")

    def _transcript(self, asked: Asked) -> Answer:
        sent = asked.files.get("file", ())
        if not sent:
            return refused("Missing required parameter: 'file'.", param="file")
        seconds = media.seconds_of(sent[0].data)
        spoken = ("bars", "and", "tone")
        text = "Bars and tone."
        if asked.fields.get("response_format", "json") != "verbose_json":
            return said({"text": text})
        each = seconds / len(spoken)
        words = [{"word": word, "start": place * each, "end": (place + 1) * each} for place, word in enumerate(spoken)]
        segment = {"id": 0, "start": 0.0, "end": seconds, "text": f" {text}"}
        body: dict[str, Any] = {"text": text, "language": "english", "duration": seconds, "segments": [segment]}
        return said(body | ({"words": words} if "timestamp_granularities[]" in asked.fields else {}))

    def _sound(self, asked: Asked) -> Answer:
        seconds = min(float(asked.fields.get("audio_length") or 47), 47.0)
        return Answer(200, media.tone_wav(round(seconds, 3), 24_000), "audio/wav")

    def _voices(self, asked: Asked) -> Answer:
        return refused("Not Found", 404) if self.voices is None else said(self.voices)


def _size(asked: Asked) -> tuple[int, int]:
    size = str(asked.fields.get("size") or "auto")
    if "x" not in size:
        return _PLAIN_SIZE
    width, height = size.split("x")
    return int(width), int(height)


def _held(reference: Any) -> bytes | None:
    """A file inside an address inside JSON."""
    url = reference.get("image_url") if isinstance(reference, dict) else None
    return base64.b64decode(url.partition(",")[2]) if isinstance(url, str) else None
