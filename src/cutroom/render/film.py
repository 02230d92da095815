"""From a timeline to a film file, exact in length, from stretches that are kept and used again.

The film is made of stretches (`segments`), each drawn and encoded by itself (`encode`) and kept under a key of all that
is in it (`shelf`); the sound is made beside, and both are joined without encoding again (`join`). What changes costs
only the stretches that it touches, and a film that was interrupted goes on where it stopped. The same timeline gives
the same bytes, whatever was kept.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
from av.error import FFmpegError

from cutroom.brief.brief import Codec
from cutroom.errors import NoSpace, WrongUse
from cutroom.media.store import Store
from cutroom.render.captions import Lettering
from cutroom.render.codecs import Encoder, Encoding, encoder_for, film_container
from cutroom.render.encode import Desk, Job, encode
from cutroom.render.join import Piece, intact, join
from cutroom.render.memory import keep_flat
from cutroom.render.picture import all_seen, name_of
from cutroom.render.segments import Keys, segments
from cutroom.render.shelf import Shelf, beside, claimed, sweep
from cutroom.render.soundtrack import Soundtrack, Target, soundtrack
from cutroom.render.soundtrack import key_of as sound_key
from cutroom.render.watermark.stamp import Stamp
from cutroom.timeline.timeline import Timeline

Progress = Callable[[int, int], None]
"""Told how many frames are encoded, and how many there are. May raise, which cancels the film."""

PREVIEW = Encoding(crf=24, preset="ultrafast")
"""How a preview is encoded."""

_FULL_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EFBIG)


@dataclass(frozen=True)
class Rendered:
    """What was written."""

    seconds: Fraction
    """The picture's length: whole frames."""
    width: int
    height: int
    fps: Fraction
    frames: int
    sound: bool
    """True when there is a sound stream."""
    degraded: tuple[tuple[str, str], ...] = ()
    """What could not be done as the timeline says, and why."""
    loudness: float | None = None
    """Of the sound after encoding, in LUFS; None for silence."""
    true_peak: float | None = None
    """Of the sound after encoding, in dBTP; None for silence."""
    encoded: int = 0
    """How many frames were encoded now; the others were kept from before."""


def render(  # noqa: PLR0913 - one parameter for each thing that can be asked for
    timeline: Timeline,
    store: Store,
    out: Path,
    *,
    crf: float = 20,
    preset: str = "veryfast",
    loudness: float = -14.0,
    true_peak: float = -1.0,
    progress: Progress | None = None,
    codec: Codec = "h264",
    hardware: bool = False,
    stamp: Stamp | None = None,
) -> Rendered:
    """Writes the film of `timeline` to `out` and says what was written.

    `codec` decides the container too (`plan.catalogue.assemble.SUFFIXES`). With `hardware`, an encoder in hardware is
    used if there is one, else `degraded` says so. With a `stamp`, picture and sound carry it as a watermark.

    The file appears at `out` when it is whole, and not at all when something goes wrong. Raises WrongUse for a timeline
    without a frame, NoSpace when the disk is full or the folder cannot be written.
    """
    if timeline.frames < 1:
        raise WrongUse("the timeline has no frame to render: put a clip or a gap of at least one frame in it")
    encoder, instead = encoder_for(Encoding(crf, preset, codec, hardware), timeline.format)
    keep_flat()
    with _space(out), _beside(out) as part, _one_thread():
        film = _Film(timeline, store, encoder, Target(loudness, true_peak), progress, stamp)
        return film.written(part, () if instead is None else (instead,))


def render_preview(timeline: Timeline, store: Store, out: Path, *, progress: Progress | None = None) -> Rendered:
    """Writes a film of half the width and half the height, encoded as fast as can be. Raises as `render` does."""
    small = quarter(timeline)
    return render(small, store, out, crf=PREVIEW.crf, preset=PREVIEW.preset, progress=progress)


def quarter(timeline: Timeline) -> Timeline:
    """The same film at half the width and half the height, to even numbers."""
    form = timeline.format
    size = {"width": max(2, form.width // 4 * 2), "height": max(2, form.height // 4 * 2)}
    return timeline.model_copy(update={"format": form.model_copy(update=size)})


def kept_for(
    timeline: Timeline,
    *,
    crf: float = 20,
    preset: str = "veryfast",
    loudness: float = -14.0,
    true_peak: float = -1.0,
    codec: Codec = "h264",
    hardware: bool = False,
    stamp: Stamp | None = None,
) -> frozenset[str]:
    """The keys of all that `render` with these arguments keeps on the shelf: what `Shelf.keep_only` is to spare."""
    encoder, _ = encoder_for(Encoding(crf, preset, codec, hardware), timeline.format)
    lettering = Lettering(timeline) if timeline.titles or timeline.captions else None
    keys = Keys(timeline, lettering, encoder, stamp)
    sound = sound_key(timeline, encoder, Target(loudness, true_peak), stamp)
    return frozenset({sound, *(keys.of(segment) for segment in segments(timeline))})


class _Film:
    """One film that is being made."""

    def __init__(
        self,
        timeline: Timeline,
        store: Store,
        encoder: Encoder,
        target: Target,
        progress: Progress | None,
        stamp: Stamp | None,
    ) -> None:
        self.timeline = timeline
        self.store = store
        self.encoder = encoder
        self.target = target
        self.progress = progress
        self.stamp = stamp
        self.shelf = Shelf.of(store)
        self.done = 0
        self.encoded = 0

    def written(self, part: Path, degraded: tuple[tuple[str, str], ...]) -> Rendered:
        """Writes the film to `part`."""
        timeline = self.timeline
        lettering = Lettering(timeline) if timeline.titles or timeline.captions else None
        with self.shelf.bench() as bench, ThreadPoolExecutor(1, thread_name_prefix="cutroom-sound") as aside:
            sound: Future[Soundtrack] = aside.submit(
                soundtrack,
                timeline,
                self.store,
                self.encoder,
                self.target,
                shelf=self.shelf,
                bench=bench,
                stamp=self.stamp,
            )
            pieces, failed = self._pieces(lettering, bench)
            made = sound.result()
            with film_container(part, self.encoder) as container:
                if timeline.title:
                    container.metadata["title"] = timeline.title
                join(container, pieces, made.path, timeline.format, self.encoder.tag)
        degraded = (*degraded, *failed, *(lettering.degraded if lettering else ()), *made.degraded)
        return self._rendered(degraded, made)

    def _pieces(self, lettering: Lettering | None, bench: Path) -> tuple[list[Piece], list[tuple[str, str]]]:
        """All stretches, made or kept, and what could not be drawn in those that were made."""
        keys = Keys(self.timeline, lettering, self.encoder, self.stamp)
        jobs = [Job(segment, keys.of(segment)) for segment in segments(self.timeline)]
        places = {job.key: self.shelf.place(job.key, self.encoder.suffix) for job in jobs}
        kept = {job.key for job in jobs if self._kept(Piece(job.segment, places[job.key]))}
        # Two stretches with equal content are one: it is encoded once.
        first = {job.key: job for job in reversed(jobs) if job.key not in kept}
        missing = [job for job in jobs if first.get(job.key) is job]
        self.encoded = sum(job.segment.frames for job in missing)
        self._told(self.timeline.frames - self.encoded)
        desk = Desk(self.timeline, self.store, self.encoder, self.shelf, bench, self.stamp)
        made, failed = encode(desk, missing, self._told)
        seen = all_seen(self.timeline)
        said = [(name_of(seen[index], index), why) for index, why in failed.items()]
        return [Piece(job.segment, made.get(job.key, places[job.key])) for job in jobs], said

    def _kept(self, piece: Piece) -> bool:
        if not piece.path.is_file():
            return False
        if intact(piece, self.timeline.format):
            return True
        self.shelf.drop(piece.path)
        return False

    def _told(self, frames: int) -> None:
        self.done += frames
        if self.progress is not None and frames:
            self.progress(self.done, self.timeline.frames)

    def _rendered(self, degraded: tuple[tuple[str, str], ...], made: Soundtrack) -> Rendered:
        form = self.timeline.format
        return Rendered(
            seconds=form.rate.seconds(self.timeline.frames),
            width=form.width,
            height=form.height,
            fps=form.fps,
            frames=self.timeline.frames,
            sound=made.path is not None,
            degraded=degraded,
            loudness=made.loudness,
            true_peak=made.true_peak,
            encoded=self.encoded,
        )


@contextmanager
def _beside(out: Path) -> Iterator[Path]:
    """A temporary name beside `out`; what was written there takes its place at the end, or goes away."""
    out.parent.mkdir(parents=True, exist_ok=True)
    sweep(out)
    part = beside(out)
    try:
        with claimed(part):
            yield part
            with part.open("rb+") as file:
                os.fsync(file.fileno())
            part.chmod(0o644)
            os.replace(part, out)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


@contextmanager
def _space(out: Path) -> Iterator[None]:
    """Says what to do when the disk is full or the folder is closed to us."""
    try:
        yield
    except (OSError, FFmpegError) as error:
        if error.errno in _FULL_DISK:
            reason = error.strerror or "no space left on device"
            raise NoSpace(f"{out}: {reason}; free some space, or choose another place with -o") from error
        raise


@contextmanager
def _one_thread() -> Iterator[None]:
    """OpenCV's own threads would fight with the encoder's."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
