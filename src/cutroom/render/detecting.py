"""Reads the marks of a file: the signed manifest (C2PA), the IPTC digital source type (XMP), the comment.

Nothing is fetched: neither manifests that lie elsewhere nor revocation lists. What is read is the file's own word; only the
signature says whether somebody changed it since.
"""

from __future__ import annotations

import base64
import binascii
import json
import mmap
import re
from collections.abc import Mapping
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from cutroom.errors import BadInput
from cutroom.media.container import open_container
from cutroom.media.marks import MarkedAction, MarkedIngredient, Marks, Signature, Watermark
from cutroom.render.atoms import is_mp4, xmp_of
from cutroom.time import Span

MISSING = "c2pa-python is not installed, so a signed manifest can be neither written nor read; pip install c2pa-python"

OFFLINE = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}
"""Settings of c2pa: nothing is fetched."""

LISTENED = Fraction(120)
"""How much of a sound is listened to for a watermark, in seconds."""

UNTRUSTED = "signingCredential.untrusted"
_WORDS = {
    "assertion.bmffHash.mismatch": "the film is not as it was when it was signed",
    "assertion.dataHash.mismatch": "the file is not as it was when it was signed",
    "assertion.boxesHash.mismatch": "the file is not as it was when it was signed",
    "assertion.hashedURI.mismatch": "a part of the manifest is not as it was when it was signed",
    "assertion.missing": "a part of the manifest is missing",
    "claimSignature.mismatch": "the signature does not belong to this manifest",
    "claimSignature.missing": "the manifest's signature is missing",
    "signingCredential.invalid": "the certificate that signed is not one for signing media",
    "signingCredential.expired": "the certificate that signed was not valid at the time",
}

_SOURCE = re.compile(rb"""DigitalSourceType(?:\s*=\s*["']|[^<>]*>\s*)([^"'<>\s]{1,300})""")
_LONGEST_PACKET = 4 << 20


def read(path: Path, *, anchors: str | None = None, closely: bool = False, altered: bool = False) -> Marks:
    """All marks of the file at `path`; watermarks, which take seconds to look for, only `closely`. Raises BadInput.

    With `altered`, the picture's watermark is also looked for in films that were cropped or mirrored, which takes longer.
    `anchors` are the certificates (PEM) of authorities to trust. A file that was tampered with is ``broken``, never an
    exception.
    """
    if not path.is_file():
        raise BadInput(path, "is no file", "check the path")
    try:
        iptc, comment = source_in_xmp(path), _comment(path)
    except OSError as error:
        raise BadInput(path, f"cannot be read ({error.strerror})", "check its permissions") from error
    seen = _watermarks(path, altered=altered) if closely else {}
    found = _manifests(path, anchors)
    if isinstance(found, Mapping):
        return _told(found).model_copy(update={"iptc": iptc, "comment": comment, "watermarks": seen})
    status, problem = found
    if status == "absent" and (iptc or any(one.decision == "found" for one in seen.values())):
        status = "unsigned"
    problems = (problem,) if status == "broken" else ()
    abstained = {"manifest": problem} if problem and status != "broken" else {}
    return Marks(
        status=status,  # pyright: ignore[reportArgumentType]
        problems=problems,
        iptc=iptc,
        comment=comment,
        watermarks=seen,
        abstained=abstained,
    )


def source_of(path: Path) -> str | None:
    """The digital source type that a file declares, as IPTC's term: by its manifest if it has one, else by its XMP."""
    with (
        suppress(OSError, ValueError),
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as all_of_it,
    ):
        # Most files hold no manifest, and looking for its box is many times faster than asking.
        if all_of_it.find(b"jumdc2pa") < 0:
            return source_in_xmp(path)
    found = _manifests(path, None)
    return (_told(found).source if isinstance(found, Mapping) else None) or source_in_xmp(path)


def source_in_xmp(path: Path) -> str | None:
    """The digital source type in a file's XMP, as IPTC's term; None when there is none. Raises OSError."""
    packet = xmp_of(path) if is_mp4(path) else _packet(path)
    found = _SOURCE.search(packet) if packet else None
    return term(found[1].decode("utf-8", "replace")) if found else None


def term(address: str) -> str:
    """``http://cv.iptc.org/newscodes/digitalsourcetype/composite`` → ``composite``; anything else stays as it is."""
    return re.sub(r"^(?:https?://cv\.iptc\.org/newscodes/digitalsourcetype/|digsrctype:)", "", address)


def hash_name(sha256: str) -> str:
    """A SHA-256 in hexadecimal as a name for what has it (RFC 6920)."""
    return "ni:///sha-256;" + base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode().rstrip("=")


def _hash_of(name: str) -> str | None:
    kind, _, digest = name.partition(";")
    if kind != "ni:///sha-256":
        return None
    with suppress(binascii.Error, ValueError):
        raw = base64.urlsafe_b64decode(digest + "=" * (-len(digest) % 4))
        return raw.hex() if len(raw) == 32 else None
    return None


def _packet(path: Path) -> bytes | None:
    """The first XMP packet of a file of any kind."""
    with path.open("rb") as file, suppress(ValueError), mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        start = data.find(b"<x:xmpmeta")
        end = data.find(b"</x:xmpmeta>", start, start + _LONGEST_PACKET) if start >= 0 else -1
        return data[start:end] if end > start else None
    return None


def _comment(path: Path) -> str | None:
    try:
        with open_container(path) as container:
            return str(container.metadata.get("comment", "")) or None
    except BadInput:
        return None


def _watermarks(path: Path, *, altered: bool) -> dict[Literal["picture", "sound"], Watermark]:
    """What the detectors of watermarks say of the film's picture and sound, as far as it has them."""
    from cutroom.media.sound import samples
    from cutroom.render.watermark import picture, sound

    found: dict[Literal["picture", "sound"], Watermark] = {}
    with suppress(BadInput):
        found["picture"] = picture.detect(path, altered=altered)
    with suppress(BadInput):
        found["sound"] = sound.detect(samples(path, span=Span(length=LISTENED)))
    return found


def _manifests(path: Path, anchors: str | None) -> Mapping[str, Any] | tuple[str, str]:
    """What c2pa reads, as JSON; or a status and what to say of it."""
    try:
        import c2pa
    except ImportError:
        return "absent", MISSING
    settings = {**OFFLINE, **({"trust": {"user_anchors": anchors}} if anchors else {})}
    try:
        with path.open("rb") as file, c2pa.Reader(None, file, None, c2pa.Context.from_dict(settings)) as reader:
            return json.loads(reader.json())
    except c2pa.C2paError.ManifestNotFound:  # pyright: ignore[reportAttributeAccessIssue]
        return "absent", ""
    except c2pa.C2paError.NotSupported:  # pyright: ignore[reportAttributeAccessIssue]
        return "absent", "files of this kind hold no manifest"
    except (c2pa.C2paError, ValueError) as error:
        return "broken", f"its manifest cannot be read: {str(error)[:300]}"


def _told(said: Mapping[str, Any]) -> Marks:
    """The manifest that counts, as marks. What is missing in it is left empty."""
    name = said.get("active_manifest")
    manifest = (said.get("manifests") or {}).get(name) or {}
    results = said.get("validation_results") or {}
    failures = (results.get("activeManifest") or {}).get("failure") or []
    problems = [_problem(failure) for failure in failures if failure.get("code") != UNTRUSTED]
    state = said.get("validation_state")
    valid = state in ("Valid", "Trusted")
    ingredients = manifest.get("ingredients") or []
    actions = _actions(manifest, ingredients)
    generators = manifest.get("claim_generator_info") or [{}]
    return Marks(
        status="valid" if valid else "broken",
        problems=() if valid else tuple(dict.fromkeys(problems)) or ("the manifest is not valid",),
        source=next((action.source for action in actions if action.action in ("c2pa.created", "c2pa.opened")), None),
        generator=" ".join(str(generators[0].get(part) or "") for part in ("name", "version")).strip(),
        manifest=name,
        signature=_signature(manifest.get("signature_info") or {}, trusted=state == "Trusted"),
        actions=tuple(actions),
        ingredients=tuple(_ingredient(one, results) for one in ingredients),
    )


def _problem(failure: Mapping[str, Any]) -> str:
    code = str(failure.get("code"))
    return _WORDS.get(code) or f"{code}: {failure.get('explanation', '')}"


def _signature(said: Mapping[str, Any], *, trusted: bool) -> Signature:
    from cutroom.render import signing

    serial = str(said.get("cert_serial_number") or "")
    return Signature(
        issuer=str(said.get("issuer") or ""),
        name=str(said.get("common_name") or ""),
        algorithm=str(said.get("alg") or ""),
        serial=serial,
        trusted=trusted,
        own=bool(serial) and serial == signing.serial(),
    )


def _actions(manifest: Mapping[str, Any], ingredients: list[Mapping[str, Any]]) -> list[MarkedAction]:
    titles = {str(one.get("label")): str(one.get("title") or "") for one in ingredients}
    found = []
    for assertion in manifest.get("assertions") or []:
        if not str(assertion.get("label", "")).startswith("c2pa.actions"):
            continue
        for action in (assertion.get("data") or {}).get("actions") or []:
            of = (action.get("parameters") or {}).get("ingredients") or []
            labels = [str(one.get("url", "")).rsplit("/", 1)[-1] for one in of]
            source = action.get("digitalSourceType")
            found.append(
                MarkedAction(
                    action=str(action.get("action")),
                    about=str(action.get("description") or ""),
                    by=_agent(action.get("softwareAgent")),
                    source=term(str(source)) if source else None,
                    of=tuple(titles[label] for label in labels if label in titles),
                )
            )
    return found


def _agent(said: Any) -> str:
    if isinstance(said, Mapping):
        return " ".join(str(said.get(part) or "") for part in ("name", "version")).strip()
    return str(said or "")


def _ingredient(said: Mapping[str, Any], results: Mapping[str, Any]) -> MarkedIngredient:
    return MarkedIngredient(
        title=str(said.get("title") or ""),
        relationship=str(said.get("relationship") or ""),
        format=str(said.get("format") or ""),
        sha256=_hash_of(str(said.get("instance_id") or "")),
        manifest=_kept(said, results),
    )


def _kept(said: Mapping[str, Any], results: Mapping[str, Any]) -> Any:
    """Whether an ingredient brought a manifest, and whether that one was in order when it was taken in and still is."""
    if not said.get("active_manifest"):
        return "none"
    label = str(said.get("label"))
    failures = list(((said.get("validation_results") or {}).get("activeManifest") or {}).get("failure") or [])
    for delta in results.get("ingredientDeltas") or []:
        if str(delta.get("ingredientAssertionURI", "")).rsplit("/", 1)[-1] == label:
            failures += (delta.get("validationDeltas") or {}).get("failure") or []
    return "broken" if any(failure.get("code") != UNTRUSTED for failure in failures) else "kept"
