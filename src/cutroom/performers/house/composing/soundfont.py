"""Reads a SoundFont 2 file: which samples sound for a preset, a key and a velocity, and how they are shaped.

After the SoundFont Technical Specification 2.04 (E-mu/Creative, 2006): RIFF chunks (section 4), generators (8.1.2),
and how preset and instrument zones add up (9.4). Modulators other than the default velocity ones are left out.

`symusic` can play soundfonts too, but its player ignores velocities and envelopes: every piano note stays as loud
as it began and stops within a millisecond.
"""

from __future__ import annotations

import importlib.util
import struct
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from cutroom.errors import BadInput, Unavailable

DRUM_BANK = 128

START, END, LOOP_START, LOOP_END, START_COARSE = 0, 1, 2, 3, 4
FILTER, FILTER_ENV, END_COARSE, PAN = 8, 11, 12, 17
ENV_ATTACK, ENV_HOLD, ENV_DECAY, ENV_SUSTAIN = 26, 27, 28, 29
DELAY, ATTACK, HOLD, DECAY, SUSTAIN, RELEASE, KEY_TO_HOLD, KEY_TO_DECAY = 33, 34, 35, 36, 37, 38, 39, 40
INSTRUMENT, KEYS, VELOCITIES, LOOP_START_COARSE, LOOP_END_COARSE = 41, 43, 44, 45, 50
ATTENUATION, COARSE_TUNE, FINE_TUNE, SAMPLE, MODES, SCALE_TUNING, EXCLUSIVE, ROOT = 48, 51, 52, 53, 54, 56, 57, 58

DEFAULTS = {
    FILTER: 13500,
    ENV_ATTACK: -12000,
    ENV_HOLD: -12000,
    ENV_DECAY: -12000,
    DELAY: -12000,
    ATTACK: -12000,
    HOLD: -12000,
    DECAY: -12000,
    RELEASE: -12000,
    SCALE_TUNING: 100,
    ROOT: -1,
}
"""Values of generators that no zone mentions, where they are not 0 (section 8.1.3)."""

_BAG = np.dtype([("gen", "<u2"), ("mod", "<u2")])
_GEN = np.dtype([("oper", "<u2"), ("amount", "<i2")])
_PHDR = np.dtype([("name", "S20"), ("preset", "<u2"), ("bank", "<u2"), ("bag", "<u2"), ("rest", "<u4", 3)])
_INST = np.dtype([("name", "S20"), ("bag", "<u2")])
_SHDR = np.dtype(
    [
        ("name", "S20"),
        ("start", "<u4"),
        ("end", "<u4"),
        ("loop", "<u4"),
        ("loop_end", "<u4"),
        ("rate", "<u4"),
        ("key", "u1"),
        ("correction", "i1"),
        ("link", "<u2"),
        ("type", "<u2"),
    ]
)


@dataclass(frozen=True)
class Voice:
    """One sample as it sounds for a key and a velocity. Times are seconds, levels factors of amplitude."""

    sample: int
    """Which sample header; voices with the same one share a recording."""
    start: int
    end: int
    loop: int
    loop_end: int
    looped: bool
    while_held: bool
    """The loop ends when the key is let go (a drum roll, say)."""
    step: float
    """How many samples of the recording pass in one second."""
    gain: float
    pan: float
    """-1 is left, 1 is right."""
    cutoff: float
    """The low-pass filter's corner in Hz, before its envelope."""
    opening: float
    """By how many octaves the filter's envelope raises the corner at its peak."""
    opens: float
    """How long the filter takes to open, and then to stay."""
    closes: float
    """How long it would take to close all the way."""
    stays: float
    """The share of `opening` that stays (0 to 1)."""
    delay: float
    attack: float
    hold: float
    decay: float
    """How long the level takes to fall by 100 dB."""
    sustain: float
    """The level it falls to, in dB below the peak."""
    release: float
    """How long the level takes to fall by 100 dB after the key is let go."""
    exclusive: int
    """Voices of one class cut each other off (open and closed hi-hat); 0 for none."""


Zone = dict[int, int]


@dataclass(frozen=True)
class _Layer:
    """A zone of an instrument with the zone of the preset that leads to it."""

    keys: tuple[int, int]
    velocities: tuple[int, int]
    absolute: Zone
    relative: Zone


def find_soundfont() -> Path:
    """The General MIDI soundfont that ships inside `pretty_midi` (TimGM6mb, GPL-2), found without importing it.

    Raises Unavailable when it is not installed.
    """
    spec = importlib.util.find_spec("pretty_midi")
    path = Path(spec.origin).parent / "TimGM6mb.sf2" if spec and spec.origin else None
    if path is None or not path.is_file():
        raise Unavailable("there is no soundfont to play music with; install it with: pip install pretty_midi")
    return path


class SoundFont:
    """The presets and recordings of a SoundFont 2 file."""

    def __init__(self, path: Path) -> None:
        try:
            chunks = _chunks(path.read_bytes())
            self.recordings: np.ndarray = np.frombuffer(chunks["smpl"], "<i2")
            self._samples = np.frombuffer(chunks["shdr"], _SHDR)
            self._presets = _presets(chunks)
        except (KeyError, ValueError, IndexError, struct.error) as error:
            raise BadInput(path, f"not a SoundFont 2 file ({error})", "use a General MIDI .sf2 file") from error

    def presets(self) -> list[tuple[int, int, str]]:
        """Bank, number and name of every preset, sorted."""
        return sorted((bank, number, name) for (bank, number), (name, _) in self._presets.items())

    def voices(self, bank: int, preset: int, key: int, velocity: int) -> tuple[Voice, ...]:
        """What sounds when `key` (0 to 127) is struck with `velocity` (1 to 127); empty when nothing does.

        A preset that a bank lacks is taken from preset 0 of that bank.
        """
        _, layers = self._presets.get((bank, preset)) or self._presets.get((bank, 0)) or ("", ())
        return tuple(
            self._voice(layer, key, velocity)
            for layer in layers
            if layer.keys[0] <= key <= layer.keys[1] and layer.velocities[0] <= velocity <= layer.velocities[1]
        )

    def _voice(self, layer: _Layer, key: int, velocity: int) -> Voice:
        def amount(oper: int) -> int:
            return layer.absolute.get(oper, DEFAULTS.get(oper, 0)) + layer.relative.get(oper, 0)

        sample = layer.absolute[SAMPLE]
        header = self._samples[sample]
        root = amount(ROOT) if amount(ROOT) >= 0 else int(header["key"])
        cents = (
            (key - root) * amount(SCALE_TUNING)
            + amount(COARSE_TUNE) * 100
            + amount(FINE_TUNE)
            + int(header["correction"])
        )
        mode = amount(MODES) & 3
        # The default modulators (8.4.1 and 8.4.2): softer is quieter, by 40 dB for each tenth, and duller; duller by
        # less than the 2400 cents of the standard, which most players leave out. Attenuation written in the zone is
        # taken at four tenths, as E-mu's own hardware (and hence the file's author) did.
        level = (velocity / 127) ** 2 * 10 ** (-0.4 * amount(ATTENUATION) / 200)
        duller = -1200 * (127 - velocity) / 127
        decay_cents = amount(DECAY) + amount(KEY_TO_DECAY) * (60 - key)
        hold_cents = amount(HOLD) + amount(KEY_TO_HOLD) * (60 - key)
        return Voice(
            sample=sample,
            start=int(header["start"]) + amount(START) + 32768 * amount(START_COARSE),
            end=int(header["end"]) + amount(END) + 32768 * amount(END_COARSE),
            loop=int(header["loop"]) + amount(LOOP_START) + 32768 * amount(LOOP_START_COARSE),
            loop_end=int(header["loop_end"]) + amount(LOOP_END) + 32768 * amount(LOOP_END_COARSE),
            looped=mode in (1, 3),
            while_held=mode == 3,
            step=float(header["rate"]) * 2 ** (cents / 1200),
            gain=level,
            pan=max(-1.0, min(1.0, amount(PAN) / 500)),
            cutoff=8.176 * 2 ** ((min(amount(FILTER), 13500) + duller) / 1200),
            opening=amount(FILTER_ENV) / 1200,
            opens=_seconds(amount(ENV_ATTACK)) + _seconds(amount(ENV_HOLD)),
            closes=_seconds(amount(ENV_DECAY)),
            stays=1 - min(max(amount(ENV_SUSTAIN), 0), 1000) / 1000,
            delay=_seconds(amount(DELAY)),
            attack=_seconds(amount(ATTACK)),
            hold=_seconds(hold_cents),
            decay=_seconds(decay_cents),
            sustain=amount(SUSTAIN) / 10,
            release=_seconds(amount(RELEASE)),
            exclusive=amount(EXCLUSIVE),
        )


@lru_cache(maxsize=1)
def house_soundfont() -> SoundFont:
    """The soundfont of `find_soundfont`, read once (6 MB)."""
    return SoundFont(find_soundfont())


def _seconds(timecents: int) -> float:
    return 2 ** (timecents / 1200) if timecents > -12000 else 0.0


def _chunks(data: bytes) -> dict[str, bytes]:
    """Every chunk of the RIFF file by name; lists are opened. Raises ValueError when it is something else."""
    if data[:4] != b"RIFF" or data[8:12] != b"sfbk":
        raise ValueError("no RIFF sfbk header")
    found: dict[str, bytes] = {}
    pending = [(12, len(data))]
    while pending:
        at, end = pending.pop()
        while at + 8 <= end:
            name, size = struct.unpack_from("<4sI", data, at)
            if name == b"LIST":
                pending.append((at + 12, at + 8 + size))
            else:
                found[name.decode("latin-1")] = data[at + 8 : at + 8 + size]
            at += 8 + size + size % 2
    return found


def _presets(chunks: dict[str, bytes]) -> dict[tuple[int, int], tuple[str, tuple[_Layer, ...]]]:
    headers = np.frombuffer(chunks["phdr"], _PHDR)
    instruments = np.frombuffer(chunks["inst"], _INST)
    preset_bags, preset_gens = np.frombuffer(chunks["pbag"], _BAG), np.frombuffer(chunks["pgen"], _GEN)
    inst_bags, inst_gens = np.frombuffer(chunks["ibag"], _BAG), np.frombuffer(chunks["igen"], _GEN)
    inner = [
        _zones(inst_bags, inst_gens, int(one["bag"]), int(after["bag"]), SAMPLE) for one, after in pairwise(instruments)
    ]
    presets = {}
    for one, after in pairwise(headers):
        outer = _zones(preset_bags, preset_gens, int(one["bag"]), int(after["bag"]), INSTRUMENT)
        layers = tuple(layer for zone in outer for part in inner[zone[INSTRUMENT]] if (layer := _layer(zone, part)))
        presets[int(one["bank"]), int(one["preset"])] = (one["name"].decode("latin-1").rstrip("\0 "), layers)
    return presets


def _zones(bags: np.ndarray, gens: np.ndarray, first: int, last: int, target: int) -> list[Zone]:
    """The zones of one preset or instrument that lead to a `target`, the global zone's values below theirs."""
    common: Zone = {}
    zones: list[Zone] = []
    for bag in range(first, last):
        span = gens[int(bags[bag]["gen"]) : int(bags[bag + 1]["gen"])]
        zone = {int(oper): int(amount) for oper, amount in span.tolist()}
        if target in zone:
            zones.append(common | zone)
        elif bag == first:
            common = zone
    return zones


def _layer(outer: Zone, inner: Zone) -> _Layer | None:
    keys = _overlap(outer.get(KEYS), inner.get(KEYS))
    velocities = _overlap(outer.get(VELOCITIES), inner.get(VELOCITIES))
    if keys[0] > keys[1] or velocities[0] > velocities[1]:
        return None
    relative = {oper: amount for oper, amount in outer.items() if oper not in (KEYS, VELOCITIES, INSTRUMENT)}
    return _Layer(keys, velocities, inner, relative)


def _overlap(one: int | None, other: int | None) -> tuple[int, int]:
    """Two ranges, each packed as low byte and high byte of a word, cut to what they share."""
    ranges = [(packed & 0xFF, packed >> 8 & 0xFF) for packed in (one, other) if packed is not None]
    return max((low for low, _ in ranges), default=0), min((high for _, high in ranges), default=127)
