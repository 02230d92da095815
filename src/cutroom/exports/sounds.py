"""The film's sound as files: the mastered mix, and one file a role, all of the film's length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from cutroom.errors import WrongUse
from cutroom.exports.edit import Edit
from cutroom.measures.sound import Loudness
from cutroom.render.mastering import Mastering, Setting
from cutroom.render.shelf import Shelf
from cutroom.render.sound import RATE, Degrade, samples_of, stems
from cutroom.render.soundtrack import Target, heard, met
from cutroom.render.tape import Tape, blocks_of

BLOCK = 1024
CODECS = {".m4a": ("ipod", "aac", "fltp"), ".mp3": ("mp3", "libmp3lame", "fltp")}
"""By suffix: the container, the encoder, and the samples that it takes."""
BITS = 192_000


def write_stems(edit: Edit, folder: Path, degrade: Degrade) -> list[str]:
    """Writes ``voice.wav``, ``music.wav``, … and ``mix.wav`` (mastered) to `folder`: 24 bits at 48 kHz.

    The stems are what the mix is the sum of, levelled and ducked but not mastered. When their sum would clip, all are
    lowered by the same gain, which is told. Returns the files' names.
    """
    with Shelf.of(edit.store).bench() as bench, ExitStack() as tapes:
        mixed = tapes.enter_context(Tape(bench))
        parts: dict[str, Tape] = {}
        for track, blocks in stems(edit.timeline, edit.store, folder=bench, degrade=degrade):
            if track.role not in parts:
                parts[track.role] = tapes.enter_context(Tape(bench))
            _added(blocks, (parts[track.role], mixed))
        if not parts:
            raise WrongUse("stems: this film has no sound; export its captions or frames instead")
        peak = max(_highest(tape) for tape in (mixed, *parts.values()))
        if peak > 1:
            degrade("stems", f"all are lowered by {20 * np.log10(peak):.1f} dB, because together they would clip")
        names = []
        for role, tape in parts.items():
            lowered = (block / np.float32(max(peak, 1.0)) for block in blocks_of(tape))
            write_wav24(folder / f"{role}.wav", lowered)
            names.append(f"{role}.wav")
        with Mastering(mixed, bench) as desk:
            write_wav24(folder / "mix.wav", desk.blocks(desk.setting(edit.loudness, edit.true_peak)))
    return [*names, "mix.wav"]


def write_mix(edit: Edit, path: Path, degrade: Degrade) -> None:
    """Writes the mastered mix to `path`, as ``.m4a`` (AAC), ``.mp3`` or ``.wav`` (24 bits).

    Lossy coding changes peaks and loudness: what comes out of the decoder is measured, and mastered again while it is not
    as asked; what stays so is told.
    Raises WrongUse for another suffix or a film without sound.
    """
    if path.suffix.lower() not in (*CODECS, ".wav"):
        raise WrongUse(f"-o {path}: sound is written as .m4a, .mp3 or .wav")
    with Shelf.of(edit.store).bench() as bench, Tape(bench) as mixed:
        for _, blocks in stems(edit.timeline, edit.store, folder=bench, degrade=degrade):
            _added(blocks, (mixed,))
        if not len(mixed):
            raise WrongUse("audio: this film has no sound; export its captions or frames instead")
        with Mastering(mixed, bench) as desk:
            _write_mix(edit, path, desk, degrade)


def _write_mix(edit: Edit, path: Path, desk: Mastering, degrade: Degrade) -> None:
    if path.suffix.lower() == ".wav":
        write_wav24(path, desk.blocks(desk.setting(edit.loudness, edit.true_peak)))
        return

    def tried(way: Setting) -> Loudness:
        _encode(path, desk.blocks(way), edit.title)
        return heard(path, samples_of(edit.timeline.seconds))

    for why in met(desk, Target(edit.loudness, edit.true_peak), tried)[1]:
        degrade("sound", why)


def write_wav24(path: Path, blocks: Iterable[NDArray[np.float32]]) -> None:
    """Writes blocks of float samples (n, 2) as 24-bit PCM at 48 kHz, rounded, and clipped at full scale."""
    with av.open(str(path), "w", format="wav") as container:
        stream = container.add_stream("pcm_s24le", rate=RATE, layout="stereo")
        assert isinstance(stream, AudioStream)
        # Into the upper three bytes of 32-bit integers, which is what the encoder takes.
        whole = (
            np.clip(np.rint(block.astype(np.float64) * 2**23), -(2**23), 2**23 - 1).astype(np.int32) << 8
            for block in blocks
        )
        for frame in _frames(whole, "s32"):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _added(blocks: Iterable[NDArray[np.float32]], tapes: tuple[Tape, ...]) -> None:
    """Adds a track's blocks to what lies on the tapes."""
    at = 0
    for block in blocks:
        for tape in tapes:
            tape.add(block, at)
        at += len(block)


def _highest(tape: Tape) -> float:
    return max((float(np.abs(block).max(initial=0)) for block in blocks_of(tape)), default=0.0)


def _encode(path: Path, blocks: Iterable[NDArray[np.float32]], title: str) -> None:
    container_name, codec, form = CODECS[path.suffix.lower()]
    with av.open(str(path), "w", format=container_name, options={"fflags": "+bitexact"}) as container:
        container.metadata["title"] = title
        stream = container.add_stream(codec, rate=RATE, layout="stereo")
        assert isinstance(stream, AudioStream)
        stream.codec_context.bit_rate = BITS
        for frame in _frames(blocks, form):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _frames(blocks: Iterable[NDArray[Any]], form: str) -> Iterator[AudioFrame]:
    at = 0
    for whole in blocks:
        for start in range(0, len(whole), BLOCK):
            block = whole[start : start + BLOCK]
            shaped = block.T if form.endswith("p") else block.reshape(1, -1)
            frame = AudioFrame.from_ndarray(np.ascontiguousarray(shaped), format=form, layout="stereo")
            frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), at
            at += len(block)
            yield frame
