"""What a failed answer means for the work: try later, give up, or something for the person to set right."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from cutroom.errors import Ambiguous, CutroomError, GiveUp, TryLater, Unavailable
from cutroom.net.exchange import Response, beginning

_NOT_TODAY = ("insufficient_quota", "billing_hard_limit", "quota_exceeded", "insufficient_funds", "payment_required")
"""Codes under which servers say 429 (or 400, 403) and mean: pay first."""

_MODERATED = re.compile(
    r"moderation|content[_ ]polic|content[_ ]filter|safety[_ ]system|safety[_ ]violation|unsafe[_ ]content|nsfw|"
    r"responsible[_ ]?ai",
    re.IGNORECASE,
)

_GATEWAY = (504, 522, 524)
"""A gateway gave up waiting: whatever stands behind it may have done the work."""

_LONGEST_WAIT = 24 * 3600.0


def refusal(answer: Response, *, paid: bool, key: str = "") -> CutroomError:
    """What to raise for `answer`, whose status says that it failed. `key`: the name of the key's environment variable.

    An answer of failure counts as not billed: no server that is known bills a call that it refused. A gateway's
    time-out on a paid call is Ambiguous.
    """
    said = words(answer)
    code, message = said
    told = f"{answer.where}: {answer.status}" + (f" {message}" if message else "")
    if any(name in f"{code} {message}".lower() for name in _NOT_TODAY) or answer.status == 402:
        return Unavailable(f"{told}; the account has no credit left: top it up, or use another model")
    if answer.status in (400, 403, 422, 451) and is_moderation(f"{code} {message}"):
        return GiveUp(f"refused by the server's moderation: {told}; say it otherwise, or use another model")
    if answer.status in _GATEWAY and paid:
        return Ambiguous(f"{told}; the work may have been done, and billed")
    if answer.status in (408, 409, 425, 429) or (answer.status >= 500 and answer.status not in (501, 505)):
        return TryLater(told, after=retry_after(answer.headers))
    return _for_good(answer.status, told, key)


def is_moderation(said: str) -> bool:
    """True when a server's words say that it will not make such a thing."""
    return _MODERATED.search(said) is not None


def _for_good(status: int, told: str, key: str) -> CutroomError:
    """Failures that the same call would meet again."""
    if status in (401, 403):
        return Unavailable(
            f"{told}; the server refuses the key: " + (f"check {key}" if key else "name one with key_env")
        )
    if status == 404:
        return Unavailable(
            f"{told}; there is no such address or model: check url and the model's name (cutroom models)"
        )
    if status in (405, 501):
        return Unavailable(f"{told}; this server cannot do that: take it out of the model in cutroom.toml")
    if 300 <= status < 400:
        return GiveUp(f"{told}; it sends us on where it should answer: check url")
    return GiveUp(f"{told}; the server refuses the call as it is")


def words(answer: Response) -> tuple[str, str]:
    """The error's code and message as the server gives them, in any of the usual shapes; secrets hidden, cut short."""
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        return "", _plain(answer)
    code, message = _found(body)
    return beginning(code.encode(), answer.secrets), beginning(message.encode(), answer.secrets) or _plain(answer)


def _found(body: Any) -> tuple[str, str]:
    """``{"error": {"message", "code", "type"}}``, ``{"error": "…"}``, ``{"detail": …}``, ``{"message": "…"}``."""
    if isinstance(body, list):
        return _found(body[0]) if body else ("", "")
    if not isinstance(body, dict):
        return "", str(body)
    inner = next((body[name] for name in ("error", "detail", "errors") if body.get(name)), None)
    if isinstance(inner, dict | list):
        code, message = _found(inner)
    else:
        code, message = "", str(inner or body.get("message") or body.get("msg") or "")
    code = code or " ".join(str(body[name]) for name in ("code", "type") if isinstance(body.get(name), str | int))
    return code, message


def _plain(answer: Response) -> str:
    """A body that is no JSON: its first words, without tags when it is a page."""
    if answer.kind == "text/html" or answer.body[:200].lstrip().lower().startswith((b"<!doctype", b"<html")):
        text = re.sub(rb"(?s)<(script|style).*?</\1>|<[^>]*>", b" ", answer.body[:65536])
        return beginning(text, answer.secrets)
    return beginning(answer.body, answer.secrets)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """In how many seconds to ask again (RFC 9110, 10.2.3: seconds or a date), 0 to a day; None when not said."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "").strip()
        if value:
            seconds = _seconds(value, unit)
            if seconds is not None:
                return min(max(0.0, seconds), _LONGEST_WAIT)
    return None


def _seconds(value: str, unit: float) -> float | None:
    try:
        number = float(value) * unit
    except ValueError:
        pass
    else:
        return number if math.isfinite(number) else None
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    return ((when if when.tzinfo else when.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds()
