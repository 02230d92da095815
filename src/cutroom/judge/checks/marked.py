"""The marks of a film: are they there, do they hold, and is the film beneath them still the same?

| check | bound | from |
|---|---|---|
| `marks_absent` | a film that was changed by marking says where it comes from | |
| `marks_broken` | the signature is right, and nothing was changed since | C2PA 2.2, section 15 (validation) |
| `marks_disagree` | the manifest and the IPTC metadata name the same digital source type | |
| `film_changed` | every packet of picture and sound is that of the unmarked film | |

A film that is the unmarked one itself had nothing to declare. One that is marked but not signed passes; its maker says why.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from cutroom.judge.evidence import Evidence, found, gathered, measured, unmeasured
from cutroom.media.container import open_container
from cutroom.media.kinds import Media, Video
from cutroom.media.store import Store
from cutroom.plan.catalogue.assemble import MarkFilm


def marked(step: MarkFilm, media: Video, inputs: Mapping[str, Media], store: Store) -> Evidence:
    """What the detector says of a marked film, and whether the film is unchanged."""
    from cutroom.render.detecting import read

    film = inputs.get(step.film.id)
    if film is not None and film.digest == media.digest:
        return measured(marked=0)
    marks = read(store.path(media))
    evidence = measured(marked=1, signed=float(marks.status == "valid"), ingredients=len(marks.ingredients))
    if marks.status == "absent":
        evidence += found("marks_absent", "no mark is found in the marked film")
    if marks.status == "unsigned":
        evidence += unmeasured("signature", marks.abstained.get("manifest", "the film's marks are not signed"))
    evidence += gathered(found("marks_broken", problem) for problem in marks.problems)
    if marks.status == "valid" and marks.source != marks.iptc:
        evidence += found("marks_disagree", f"the manifest says {marks.source}, the IPTC metadata {marks.iptc}")
    if film is not None and _packets(store.path(media)) != _packets(store.path(film)):
        evidence += found("film_changed", "its picture or sound is not that of the unmarked film")
    return evidence


def _packets(path: Path) -> str:
    """A SHA-256 over all packets of all streams, with their times."""
    seen = hashlib.sha256()
    for part in _parts(path):
        seen.update(part)
    return seen.hexdigest()


def _parts(path: Path) -> Iterator[bytes]:
    with open_container(path) as container:
        for packet in container.demux():
            yield f"{packet.stream_index} {packet.pts} {packet.dts} {packet.duration}".encode()
            yield bytes(packet)
