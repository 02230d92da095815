"""From a timeline to a film file: H.264 and AAC in MP4, exact in length, with picture and sound made side by side.

One thread draws frames, one makes the sound, and the calling one encodes; a short queue of re-used frames stands
between drawing and encoding, so that memory stays flat. The same timeline gives the same bytes.
"""

from __future__ import annotations

import errno
import os
import queue
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
from av.container import OutputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from cutroom.errors import NoSpace, WrongUse
from cutroom.media.store import Store
from cutroom.render.captions import Lettering
from cutroom.render.footage import planes_of
from cutroom.render.picture import Compositor
from cutroom.render.planes import Planes
from cutroom.render.soundtrack import Soundtrack, soundtrack
from cutroom.timeline.timeline import Format, Timeline

Progress = Callable[[int, int], None]
"""Told how many frames are encoded, and how many there are. May raise, which cancels the film."""

IN_FLIGHT = 6
"""Frames between drawing and encoding. They are re-used: no memory is taken while a film is made."""

THREADS = 4
"""The encoder's threads. A constant: the bytes that x264 makes depend on how many there are."""

BT709, LIMITED = 1, 1
"""As ITU-T H.273 and ffmpeg number them."""

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


def render(
    timeline: Timeline,
    store: Store,
    out: Path,
    *,
    crf: float = 20,
    preset: str = "veryfast",
    loudness: float = -14.0,
    true_peak: float = -1.0,
    progress: Progress | None = None,
) -> Rendered:
    """Writes the film of `timeline` to `out` (an MP4 file) and says what was written.

    The file appears at `out` when it is whole, and not at all when something goes wrong. Raises WrongUse for a timeline
    without a frame, NoSpace when the disk is full or the folder cannot be written.
    """
    if timeline.frames < 1:
        raise WrongUse("the timeline has no frame to render: put a clip or a gap of at least one frame in it")
    with _space(out), _beside(out) as part, _one_thread():
        film = _write(timeline, store, part, Encoding(crf, preset), Target(loudness, true_peak), progress)
    return film


@dataclass(frozen=True)
class Encoding:
    """How the picture is encoded."""

    crf: float
    preset: str


@dataclass(frozen=True)
class Target:
    """How loud the sound is to be."""

    loudness: float
    true_peak: float


def _write(
    timeline: Timeline, store: Store, part: Path, encoding: Encoding, target: Target, progress: Progress | None
) -> Rendered:
    lettering = Lettering(timeline) if timeline.titles or timeline.captions else None
    with (
        ThreadPoolExecutor(1, thread_name_prefix="cutroom-sound") as aside,
        Compositor(timeline, store, lettering) as compositor,
    ):
        sound = aside.submit(soundtrack, timeline, store, loudness=target.loudness, true_peak=target.true_peak)
        options = {"movflags": "+faststart", "fflags": "+bitexact"}
        with av.open(str(part), "w", format="mp4", container_options=options) as container:
            if timeline.title:
                container.metadata["title"] = timeline.title
            stream = _picture_stream(container, timeline.format, encoding)
            muxer = _Muxer(container, sound)
            for done, frame in enumerate(_drawn(compositor, timeline.frames), 1):
                muxer.picture(stream.encode(frame))
                if progress is not None:
                    progress(done, timeline.frames)
            muxer.picture(stream.encode(None))
            muxer.finish()
        made = sound.result()
        degraded = (*compositor.degraded, *(lettering.degraded if lettering else ()), *made.degraded)
    frame_format = timeline.format
    return Rendered(
        seconds=frame_format.rate.seconds(timeline.frames),
        width=frame_format.width,
        height=frame_format.height,
        fps=frame_format.fps,
        frames=timeline.frames,
        sound=made.stream is not None,
        degraded=degraded,
        loudness=made.loudness,
        true_peak=made.true_peak,
    )


def _picture_stream(container: OutputContainer, frame: Format, encoding: Encoding) -> VideoStream:
    seconds_a_key = max(1, round(2 * frame.fps))
    stream = container.add_stream("libx264", rate=frame.fps)
    assert isinstance(stream, VideoStream)
    stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "yuv420p"
    context = stream.codec_context
    context.time_base = 1 / frame.fps
    context.color_primaries = context.color_trc = context.colorspace = BT709
    context.color_range = LIMITED
    context.sample_aspect_ratio = Fraction(1)
    context.thread_count = THREADS
    context.options = {
        "crf": str(encoding.crf),
        "preset": encoding.preset,
        "profile": "high",
        "x264-params": f"keyint={seconds_a_key}:min-keyint={max(1, seconds_a_key // 8)}:force-cfr=1",
    }
    return stream


class _Muxer:
    """Brings picture and sound into one file, ordered by time, in the same order on every run.

    The picture's first packets wait in memory until the sound is made, which takes a few seconds.
    """

    def __init__(self, container: OutputContainer, sound: Future[Soundtrack]) -> None:
        self.container = container
        self.coming = sound
        self.waiting: list[Packet] = []
        self.sounds: Iterator[Packet] | None = None
        self.next: Packet | None = None

    def picture(self, packets: list[Packet]) -> None:
        """Takes the picture's next packets."""
        self.waiting.extend(packets)
        if self.sounds is None and not self.coming.done():
            return
        self._begin()
        self._write()

    def finish(self) -> None:
        """Writes all that is left."""
        self._begin()
        self._write()
        self._sound_until(None)

    def _begin(self) -> None:
        if self.sounds is not None:
            return
        made = self.coming.result()
        self.sounds = iter(())
        if made.stream is not None:
            stream = self.container.add_stream_from_template(made.stream)
            self.sounds = _of(made.packets, stream)
        self.next = next(self.sounds, None)

    def _write(self) -> None:
        for packet in self.waiting:
            self._sound_until(_when(packet))
            self.container.mux(packet)
        self.waiting.clear()

    def _sound_until(self, time: Fraction | None) -> None:
        while self.next is not None and self.sounds is not None and (time is None or _when(self.next) <= time):
            self.container.mux(self.next)
            self.next = next(self.sounds, None)


def _of(packets: list[Packet], stream: Stream) -> Iterator[Packet]:
    for packet in packets:
        packet.stream = stream
        yield packet


def _when(packet: Packet) -> Fraction:
    return (packet.dts or 0) * (packet.time_base or Fraction(1))


def _drawn(compositor: Compositor, count: int) -> Iterator[VideoFrame]:
    """All frames, drawn in a thread of their own a little ahead of whoever takes them.

    A frame is used again once the next one is asked for. Closing the iterator stops the thread.
    """
    free: queue.SimpleQueue[tuple[VideoFrame, Planes]] = queue.SimpleQueue()
    ready: queue.SimpleQueue[tuple[VideoFrame, Planes] | BaseException] = queue.SimpleQueue()
    stopped = threading.Event()
    for _ in range(IN_FLIGHT):
        frame = VideoFrame(compositor.width, compositor.height, "yuv420p")
        frame.color_primaries = frame.color_trc = frame.colorspace = BT709
        frame.color_range = LIMITED
        free.put((frame, planes_of(frame)))

    def work() -> None:
        try:
            for number in range(count):
                pair = free.get()
                if stopped.is_set():
                    return
                compositor.draw(number, pair[1])
                ready.put(pair)
        except BaseException as error:  # noqa: BLE001 - raised again where the frames are taken
            ready.put(error)

    worker = threading.Thread(target=work, name="cutroom-picture", daemon=True)
    worker.start()
    try:
        for number in range(count):
            taken = ready.get()
            if isinstance(taken, BaseException):
                raise taken
            taken[0].pts = number
            yield taken[0]
            free.put(taken)
    finally:
        stopped.set()
        # Wakes the thread when it waits for a frame.
        free.put((VideoFrame(2, 2, "yuv420p"), planes_of(VideoFrame(2, 2, "yuv420p"))))
        worker.join()


@contextmanager
def _beside(out: Path) -> Iterator[Path]:
    """A temporary name beside `out`; what was written there takes its place at the end, or goes away."""
    out.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{out.stem[:40]}-", suffix=".part", dir=out.parent)
    os.close(handle)
    part = Path(name)
    try:
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
