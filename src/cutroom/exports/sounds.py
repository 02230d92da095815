"""The film's sound as files: the mastered mix, and one file a role, all of the film's length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from cutroom.measures.sound import loudness as measured
from cutroom.media import sound as reading
from cutroom.render.sound import RATE, Degrade, master, stems

BLOCK = 1024
TRIES = 3
CODECS = {".m4a": ("ipod", "aac", "fltp"), ".mp3": ("mp3", "libmp3lame", "fltp")}
"""By suffix: the container, the encoder, and the samples that it takes."""
BITS = 192_000


def write_stems(edit: Edit, folder: Path, degrade: Degrade) -> list[str]:
    """Writes ``voice.wav``, ``music.wav``, … and ``mix.wav`` (mastered) to `folder`: 24 bits at 48 kHz.

    The stems are what the mix is the sum of, levelled and ducked but not mastered. When their sum would clip, all are
    lowered by the same gain, which is told. Returns the files' names.
    """
    parts: dict[str, NDArray[np.float32]] = {}
    for track, signal in stems(edit.timeline, edit.store, degrade=degrade):
        parts[track.role] = parts[track.role] + signal if track.role in parts else signal
    if not parts:
        raise WrongUse("stems: this film has no sound; export its captions or frames instead")
    mixed = _sum(list(parts.values()))
    peak = max(float(np.abs(signal).max(initial=0)) for signal in (mixed, *parts.values()))
    if peak > 1:
        degrade("stems", f"all are lowered by {20 * np.log10(peak):.1f} dB, because together they would clip")
    names = []
    for role, signal in parts.items():
        write_wav24(folder / f"{role}.wav", signal / np.float32(max(peak, 1.0)))
        names.append(f"{role}.wav")
    write_wav24(folder / "mix.wav", master(mixed, loudness=edit.loudness, true_peak=edit.true_peak))
    return [*names, "mix.wav"]


def write_mix(edit: Edit, path: Path, degrade: Degrade) -> None:
    """Writes the mastered mix to `path`, as ``.m4a`` (AAC), ``.mp3`` or ``.wav`` (24 bits).

    Lossy coding raises peaks: what comes out of the decoder is measured, and mastered again lower while it is too high.
    Raises WrongUse for another suffix or a film without sound.
    """
    suffix = path.suffix.lower()
    if suffix not in (*CODECS, ".wav"):
        raise WrongUse(f"-o {path}: sound is written as .m4a, .mp3 or .wav")
    signals = [signal for _, signal in stems(edit.timeline, edit.store, degrade=degrade)]
    if not signals:
        raise WrongUse("audio: this film has no sound; export its captions or frames instead")
    mixed = _sum(signals)
    if suffix == ".wav":
        write_wav24(path, master(mixed, loudness=edit.loudness, true_peak=edit.true_peak))
        return
    ceiling, over = edit.true_peak, 0.0
    for _ in range(TRIES):
        _encode(path, master(mixed, loudness=edit.loudness, true_peak=ceiling), edit.title)
        found = measured(reading.samples(path, rate=RATE), RATE).true_peak
        over = 0.0 if found is None else found - edit.true_peak
        if over <= 0:
            return
        ceiling -= over + 0.1
    degrade("sound", f"its true peak is {edit.true_peak + over:.2f} dBTP after encoding, not {edit.true_peak:.2f}")


def write_wav24(path: Path, samples: NDArray[np.float32]) -> None:
    """Writes float samples (n, 2) as 24-bit PCM at 48 kHz, rounded, and clipped at full scale."""
    with av.open(str(path), "w", format="wav") as container:
        stream = container.add_stream("pcm_s24le", rate=RATE, layout="stereo")
        assert isinstance(stream, AudioStream)
        # Into the upper three bytes of 32-bit integers, which is what the encoder takes.
        whole = np.clip(np.rint(samples.astype(np.float64) * 2**23), -(2**23), 2**23 - 1).astype(np.int32) << 8
        for frame in _frames(whole, "s32"):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _encode(path: Path, samples: NDArray[np.float32], title: str) -> None:
    container_name, codec, form = CODECS[path.suffix.lower()]
    with av.open(str(path), "w", format=container_name, options={"fflags": "+bitexact"}) as container:
        container.metadata["title"] = title
        stream = container.add_stream(codec, rate=RATE, layout="stereo")
        assert isinstance(stream, AudioStream)
        stream.codec_context.bit_rate = BITS
        for frame in _frames(samples, form):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _sum(signals: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    whole = signals[0].copy()
    for signal in signals[1:]:
        whole += signal
    return whole


def _frames(samples: NDArray[Any], form: str) -> Iterator[AudioFrame]:
    for start in range(0, len(samples), BLOCK):
        block = samples[start : start + BLOCK]
        shaped = block.T if form.endswith("p") else block.reshape(1, -1)
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(shaped), format=form, layout="stereo")
        frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), start
        yield frame
