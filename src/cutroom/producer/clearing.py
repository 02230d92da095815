"""What of a production may go: everything that no kept version of its film, and nothing that is under way, needs.

What is needed is found without asking who would perform what today: every step of a version's plan is followed to the
takes that were made of exactly that step and those inputs. Takes that were paid for stay unless they are asked for.
Whatever goes is written down first (`Lost`), so that the ledger stays true, and can be made again.
"""

from __future__ import annotations

import shutil
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from cutroom.brief.brief import Brief
from cutroom.errors import BrokenProduction, NoSpace, WrongUse
from cutroom.ledger.events import Lost
from cutroom.ledger.production import Production
from cutroom.ledger.state import Slot, State, Take, Version, fold
from cutroom.media.holder import left_behind
from cutroom.media.kinds import Media
from cutroom.media.store import DAMAGED
from cutroom.media.takes import Known
from cutroom.plan.catalogue.assemble import RenderFilm
from cutroom.plan.plan import Plan

Kind = Literal["takes", "paid takes", "files", "strays", "stretches", "records", "damaged", "unfinished"]

FORGOTTEN = 6 * 3600.0
"""What another machine has had under way for so many seconds without touching it belongs to nobody any more."""

_DIGEST = 64
"""How many characters of a blob's name are its digest."""


class Heap(BaseModel):
    """Files of one kind that may go."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    kind: Kind
    """``takes`` and ``paid takes`` that no kept version uses; ``files`` that were handed over and are in no kept brief;
    ``strays``, which no event names; ``stretches`` of rendered film; ``records`` of takes that go; ``damaged`` bytes that
    were set aside; ``unfinished`` work of processes that are gone."""
    files: int
    bytes: int


class Clearing(BaseModel):
    """What clearing a production frees."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    production: str
    versions: tuple[int, ...]
    """The versions of the film that are kept."""
    heaps: tuple[Heap, ...]
    """What goes, or has gone; kinds without a file are left out."""
    paid: Heap | None = None
    """What was paid for and is needed by no kept version: it stays, unless it is asked for."""
    shared: str | None = None
    """The shared store, of which nothing is taken away: other productions may need it."""

    @property
    def bytes(self) -> int:
        """All in all."""
        return sum(heap.bytes for heap in self.heaps)

    @property
    def files(self) -> int:
        """All in all."""
        return sum(heap.files for heap in self.heaps)


@dataclass
class _Found:
    """Paths that may go, by kind, and the takes whose bytes they are."""

    paths: dict[Kind, list[Path]] = field(default_factory=lambda: defaultdict(list))
    lost: list[Lost] = field(default_factory=list)


def clearing(production: Production, keep_versions: int | None = None, *, paid: bool = False) -> Clearing:
    """What `clear` would free, without touching anything.

    `keep_versions` is how many of the latest versions of the film are kept; all of them when it is None. The version that
    is current is always kept. Raises WrongUse for less than one, and BrokenProduction when the ledger cannot be read.
    """
    with production.journal(read_only=True) as journal:
        state = fold(journal.events())
    kept = _kept(state, keep_versions)
    return _told(production, kept, _search(production, state, kept, paid=paid), paid=paid)


def clear(production: Production, keep_versions: int | None = None, *, paid: bool = False) -> Clearing:
    """Frees what no kept version needs, and says what it was. Takes as `clearing`.

    Going back to a version that is not kept makes its film again, from files that are handed over again where they are
    in no kept brief. Raises also Busy when somebody is at work on the
    production, and NoSpace when the folder cannot be written.
    """
    with production.journal() as journal:
        state = fold(journal.events())
        kept = _kept(state, keep_versions)
        found = _search(production, state, kept, paid=paid)
        told = _told(production, kept, found, paid=paid)
        gone = {_digest(path) for kind in _going(found, paid=paid) if "takes" in kind for path in found.paths[kind]}
        slots = state.slots
        for event in found.lost:
            made = next((take.made for take in slots[event.slot].takes.values() if take.key == event.key), None)
            if made is not None and made.media.digest in gone:
                journal.append(event)
        journal.flush()
        for kind in _going(found, paid=paid):
            for path in found.paths[kind]:
                _remove(path)
        return told


def _kept(state: State, keep_versions: int | None) -> tuple[Version, ...]:
    if keep_versions is not None and keep_versions < 1:
        raise WrongUse(f"--keep-versions {keep_versions}: at least the film itself is kept; say 1 or more")
    last = state.versions if keep_versions is None else state.versions[-keep_versions:]
    return tuple(version for version in state.versions if version in last or version.number == state.version)


def _going(found: _Found, *, paid: bool) -> list[Kind]:
    return [kind for kind in found.paths if kind != "paid takes" or paid]


def _told(production: Production, kept: Iterable[Version], found: _Found, *, paid: bool) -> Clearing:
    heaps = {
        kind: Heap(kind=kind, files=sum(1 for path in paths for _ in _files(path)), bytes=sum(map(_size, paths)))
        for kind, paths in found.paths.items()
        if paths
    }
    share = production.store.share
    return Clearing(
        production=str(production.folder),
        versions=tuple(version.number for version in kept),
        heaps=tuple(heaps[kind] for kind in _going(found, paid=paid) if kind in heaps),
        paid=None if paid else heaps.get("paid takes"),
        shared=share.url if share is not None else None,
    )


# -- what is needed ------------------------------------------------------------------------------------------------


def _needed(state: State, kept: Iterable[Version]) -> set[str]:
    """The digests of everything that a kept version, or what is under way now, is made of."""
    needed: set[str] = set()
    for version in kept:
        needed |= _handed_over(version.brief, version.plan)
        needed |= {use.take.made.media.digest for use in _used(version.plan, version.slots) if use.take.made}
    if state.brief is not None:
        needed |= _handed_over(state.brief, state.plan)
    if state.plan is not None:
        # A person may still want to keep another take of what is in the film now.
        needed |= {use.take.made.media.digest for use in _used(state.plan, state.slots, any_take=True) if use.take.made}
    for attempt in chain.from_iterable(state.attempts.values()):
        take = state.slots.get(attempt.slot, Slot()).takes.get(attempt.take)
        needed |= {take.made.media.digest} if take and take.made else set()
    # What was not wrapped up is still being made.
    return needed | {take.fetched.media.digest for take in _takes(state) if take.fetched and not take.made}


def _handed_over(brief: Brief, plan: Plan | None) -> set[str]:
    media: list[Media] = [asset.media for asset in brief.assets]
    media += [brief.lut] if brief.lut is not None else []
    media += plan.assets.values() if plan is not None else ()
    return {item.digest for item in media}


class _Use(NamedTuple):
    step: str
    take: Take


def _used(plan: Plan, slots: Mapping[str, Slot], *, any_take: bool = False) -> Iterator[_Use]:
    """The takes that were made of the steps of `plan`, and of exactly the inputs that they have there.

    Only those in use, unless `any_take` is asked for.
    """
    by_step: dict[str, list[Slot]] = defaultdict(list)
    for slot in slots.values():
        if slot.step is not None and (slot.accepted or any_take):
            by_step[slot.step.model_dump_json()].append(slot)
    keys: dict[str, set[str]] = {name: {media.digest} for name, media in plan.assets.items()}
    for step in plan.order():
        keys[step] = set()
        for slot in by_step.get(plan.steps[step].model_dump_json(), ()):
            for number, take in slot.takes.items():
                in_use = slot.accepted is not None and slot.accepted.take == number
                if (in_use or any_take) and _made_of(take, keys):
                    keys[step].add(take.key)
                    yield _Use(step, take)


def _made_of(take: Take, keys: Mapping[str, set[str]]) -> bool:
    upstream = take.began.upstream if take.began else {}
    return all(key in keys.get(name, ()) for name, key in upstream.items())


def _takes(state: State) -> Iterator[Take]:
    return (take for slot in state.slots.values() for take in slot.takes.values())


# -- what is there -------------------------------------------------------------------------------------------------


def _search(production: Production, state: State, kept: tuple[Version, ...], *, paid: bool) -> _Found:
    found = _Found()
    needed = _needed(state, kept)
    bought, unpaid = _unneeded(state, needed, found)
    records = dict(_records(production))
    # What a ledger that was lost paid for is known by its record alone.
    bought |= {known.media.digest for known in records.values() if known and known.cost} - needed
    briefs = [version.brief for version in state.versions] + ([state.brief] if state.brief else [])
    given = {digest for brief in briefs for digest in _handed_over(brief, None)}
    root = production.store.root
    for path in sorted(root.glob("[0-9a-f][0-9a-f]/*")):
        digest = _digest(path)
        if path.name.endswith(DAMAGED):
            found.paths["damaged"].append(path)
        elif digest in needed:
            continue
        elif digest in bought:
            found.paths["paid takes"].append(path)
        else:
            kind: Kind = "takes" if digest in unpaid else "files" if digest in given else "strays"
            found.paths[kind].append(path)
    stay = needed if paid else needed | bought
    found.paths["records"] = [
        path for path, known in records.items() if known is None or known.media.digest not in stay
    ]
    found.paths["stretches"] = list(_stretches(production, kept))
    found.paths["unfinished"] = list(_unfinished(production, state))
    return found


def _unneeded(state: State, needed: set[str], found: _Found) -> tuple[set[str], set[str]]:
    """The digests of takes that nothing needs, paid for or not; notes in `found` what the ledger must say of them."""
    paid: set[str] = set()
    unpaid: set[str] = set()
    for name, slot in state.slots.items():
        for take in slot.takes.values():
            if take.made is None or take.made.media.digest in needed:
                continue
            price = take.began.price if take.began else None
            was_paid = bool(take.made.cost) or (price is not None and not price.free)
            (paid if was_paid else unpaid).add(take.made.media.digest)
            found.lost.append(Lost(slot=name, key=take.key))
    return paid, unpaid


def _records(production: Production) -> Iterator[tuple[Path, Known | None]]:
    """The records of takes that lie here; None for one that cannot be read."""
    takes = production.store.takes
    for path in sorted((production.store.root / "takes").glob("*/*.json")):
        yield path, takes.find(path.stem)


def _stretches(production: Production, kept: Iterable[Version]) -> Iterator[Path]:
    """Rendered stretches that no kept film would find again."""
    from cutroom.render.shelf import Shelf

    shelf = Shelf.of(production.store)
    if not shelf.sizes() or shelf.busy:
        return
    keys: set[str] = set()
    for version in kept:
        keys |= set(_stretches_of(production, version))
    yield from (path for path in sorted(shelf.root.glob("[0-9a-f][0-9a-f]/*")) if path.stem not in keys)


def _stretches_of(production: Production, version: Version) -> Iterator[str]:
    """The keys of all that the film of a version is joined from, with and without the watermark."""
    used = {use.step: use.take.made.media for use in _used(version.plan, version.slots) if use.take.made}
    for film in version.plan.steps.values():
        if isinstance(film, RenderFilm) and film.cut.id in used:
            try:
                text = production.store.path(used[film.cut.id]).read_bytes()
            except BrokenProduction:
                continue  # its film could not be rendered again either
            yield from _keys_of(text, film)


def _keys_of(text: bytes, film: RenderFilm) -> Iterator[str]:
    from cutroom.render.captions import Lettering
    from cutroom.render.codecs import Encoding, encoder_for
    from cutroom.render.segments import Keys, segments
    from cutroom.render.soundtrack import Target, key_of
    from cutroom.render.watermark.stamp import Stamp
    from cutroom.timeline.timeline import Timeline

    timeline = Timeline.model_validate_json(text)
    encoder, _ = encoder_for(Encoding(film.crf, film.preset, film.codec, film.hardware), timeline.format)
    lettering = Lettering(timeline) if timeline.titles or timeline.captions else None
    for stamp in (None, Stamp(bytes.fromhex(film.number))) if film.number else (None,):
        keys = Keys(timeline, lettering, encoder, stamp)
        yield from (keys.of(segment) for segment in segments(timeline))
        yield key_of(timeline, encoder, Target(film.loudness, film.true_peak), stamp)


def _unfinished(production: Production, state: State) -> Iterator[Path]:
    """What processes that are gone had under way."""
    now = time.time()
    for path in production.store.under_way():
        if left_behind(path.name) or now - path.stat().st_mtime > FORGOTTEN:
            yield path
    yield from sorted(production.folder.glob(".*.part"))
    if state.brief is not None:
        beside = production.film(state.brief.film)
        yield from sorted(path for path in beside.parent.glob(".*.part") if path.name.startswith(f".{beside.name}."))


# -- files ---------------------------------------------------------------------------------------------------------


def _digest(path: Path) -> str:
    return path.name[:_DIGEST]


def _files(path: Path) -> Iterator[Path]:
    return (file for file in path.rglob("*") if file.is_file()) if path.is_dir() else iter((path,))


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in _files(path))


def _remove(path: Path) -> None:
    try:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise NoSpace(f"{path}: cannot be removed ({error.strerror}); nothing else is lost: say it again") from error
