"""Music and songs by ACE-Step's own task API: hand in a task, ask for its result, fetch the sound."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any, ClassVar

from cutroom.configuration import Ability
from cutroom.errors import GiveUp, Vanished
from cutroom.media.kinds import Audio
from cutroom.net.exchange import Request, Response
from cutroom.net.refusals import words
from cutroom.performers.flow import Flow, Progress, Submitted, Wait, ask, pause_before
from cutroom.performers.performer import Desk
from cutroom.performers.received import kept_sound, length_degraded
from cutroom.performers.served import Got, Served, seed_of, token_header
from cutroom.plan.catalogue.generate import GenerateMusic
from cutroom.plan.step import AnyStep

SHORTEST, LONGEST = Fraction(10), Fraction(600)
"""What the server makes, in seconds."""
_MADE, _BROKEN = 1, 2
_UNKNOWN = 3
"""After so many empty answers in a row the server does not know the task: for one that it knows it says something."""


class Songs(Served):
    """Makes music, sung or not."""

    ability: ClassVar[Ability] = "music"
    steps = (GenerateMusic,)
    queued: ClassVar[bool] = True

    def flow(self, step: AnyStep, desk: Desk) -> Flow[Got]:
        """Hand in, unless an earlier attempt did; ask until it is done; fetch the sound."""
        assert isinstance(step, GenerateMusic)
        job = desk.job
        if job is None:
            call = Request(
                "POST",
                "/release_task",
                json=self._task(step, desk),
                headers=token_header(desk),
                paid=self.paid(step),
            )
            answer = yield from ask(call)
            job = _unwrapped(answer).get("task_id")
            if not isinstance(job, str) or not job:
                raise GiveUp(f"{answer.where}: the answer names no task: {answer.body[:120]!r}", billed=None)
            yield Submitted(job)
        address = yield from sound_of(job, patience=self.model.seconds)
        made = desk.scratch / "made"
        fetched = yield from ask(Request("GET", address, into=made, linked=True))
        return Got(made, fetched.where)

    def taken_in(self, step: AnyStep, got: Got, desk: Desk) -> Audio:
        """The sound, kept; that it is shorter than asked is said."""
        assert isinstance(step, GenerateMusic)
        sound = kept_sound(desk, got.file(desk), got.where)
        if said := length_degraded(step.seconds, sound.seconds):
            desk.degrade(said.what, said.why)
        return sound

    def _task(self, step: GenerateMusic, desk: Desk) -> dict[str, Any]:
        """One piece (the server's default is two), with our seed (its default is a random one)."""
        return {
            "model": self.knows_it_as,
            "task_type": "text2music",
            "prompt": step.description,
            "lyrics": step.lyrics or "[Instrumental]",
            "audio_duration": float(min(LONGEST, max(SHORTEST, step.seconds))),
            "batch_size": 1,
            "use_random_seed": False,
            "seed": seed_of(desk),
            "audio_format": "wav",
        } | self.options


def sound_of(job: str, *, patience: float) -> Flow[str]:
    """Ask for task `job` until it is done. Returns the address of what it made.

    Raises Vanished when the server does not know it: its queue lies in memory, and a restart empties it. GiveUp when it
    failed, or when nothing has moved for `patience` seconds.
    """
    poll, still, before, unknown = 0, 0.0, "", 0
    while True:
        call = Request("POST", "/query_result", json={"task_id_list": [job]}, harmless=True)
        answer = yield from ask(call)
        listed = _unwrapped(answer).get("listed") or []
        task = next((one for one in listed if isinstance(one, dict) and one.get("task_id") == job), {})
        results, status = _results(task), task.get("status")
        if status == _MADE:
            address = next((str(one["file"]) for one in results if one.get("file")), None)
            if address is None:
                raise GiveUp(f"{answer.where}: task {job} is done, and names no sound", billed=None)
            return address
        unknown = unknown + 1 if not results else 0
        if unknown >= _UNKNOWN or (status == _BROKEN and "not found" in str(task).lower()):
            raise Vanished(f"{answer.where}: the server does not know task {job} any more (was it restarted?)")
        if status == _BROKEN:
            raise GiveUp(f"{answer.where}: task {job} failed: {_why(task, results)}", billed=None)
        now = json.dumps(results, sort_keys=True)
        yield Progress(_done(results))
        poll, still, before = (poll + 1, still, before) if now == before else (0, 0.0, now)
        wait = pause_before(poll)
        still += wait
        if still > patience:
            raise GiveUp(
                f"{answer.where}: task {job} has not moved for {patience:g} s; set a larger seconds for the model"
            )
        yield Wait(wait)


def _unwrapped(answer: Response) -> dict[str, Any]:
    """What lies in the answer's wrapping ``{"data", "code", "error"}``; a list under ``listed``. Raises GiveUp for an error."""
    body = answer.json()
    if not isinstance(body, dict):
        return {}
    if body.get("error") or body.get("code", 200) not in (0, 200, None):
        raise GiveUp(f"{answer.where}: {words(answer)[1] or body.get('code')}", billed=None)
    data = body.get("data", body)
    return data if isinstance(data, dict) else {"listed": data} if isinstance(data, list) else {}


def _results(task: dict[str, Any]) -> list[dict[str, Any]]:
    """The task's ``result``, which is JSON written as text (or, in other versions, JSON)."""
    result = task.get("result")
    if isinstance(result, str):
        try:
            result = json.loads(result)
        except ValueError:
            return []
    result = [result] if isinstance(result, dict) else result
    return [one for one in result if isinstance(one, dict)] if isinstance(result, list) else []


def _why(task: dict[str, Any], results: list[dict[str, Any]]) -> str:
    told = [
        one.get(name) for one in (*results, task) for name in ("error", "status_message", "message", "progress_text")
    ]
    return next((str(one)[:300] for one in told if one), "it does not say why")


def _done(results: list[dict[str, Any]]) -> int:
    """How far it is, 0 to 100; the server says 0 to 1, or nothing."""
    value = results[0].get("progress") if results else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        return 0
    return round(100 * value)
