"""espeak-ng in process: text in, samples and word events out.

The library and its data come with the `espeakng-loader` package. It keeps one global state, so everything goes through
one lock. Part of that state (where its flutter is) outlives even `espeak_Terminate`, and the same words would sound
different each time: so the library is loaded anew for each line, which takes some 15 ms. Text is passed as plain
characters (never as SSML, never with phoneme brackets), so nothing in it can be an instruction.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cutroom.errors import GiveUp, Unavailable

_SYNCHRONOUS = 2
_DO_NOT_EXIT = 0x8000
_BY_CHARACTER = 1
_UTF8 = 1
_END_PAUSE = 0x1000
_RATE, _VOLUME, _PITCH, _RANGE, _WORD_GAP = 1, 2, 3, 4, 7
_LIST_ENDS, _WORD = 0, 1
SLOWEST, FASTEST = 80, 400


class _Name(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("milliseconds", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user", ctypes.c_void_p),
        ("id", _Name),
    )


class _Voice(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("spare_one", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare_two", ctypes.c_void_p),
    )


@dataclass(frozen=True)
class Voice:
    """A voice that espeak-ng has."""

    language: str
    """As espeak-ng writes it, e.g. ``en-gb``, ``cmn``."""
    priority: int
    """Among voices of a language the lowest is the usual one."""
    identifier: str
    """What espeak-ng knows it by, e.g. ``gmw/en``."""
    name: str
    """For people, e.g. ``English (Great Britain)``."""


@dataclass(frozen=True)
class Mark:
    """Where in the text and when in the sound a word begins."""

    place: int
    """The index of its first character."""
    length: int
    """How many characters it has."""
    at: float
    """In seconds from the first sample."""


@dataclass(frozen=True, eq=False)
class Spoken:
    """What espeak-ng said."""

    samples: NDArray[np.float32]
    """Shape (n,), full scale at -1 and 1."""
    rate: int
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Manner:
    """How it is read."""

    words_a_minute: int = 145
    pitch: int = 45
    """0 to 100; 50 is the voice's own."""
    liveliness: int = 60
    """0 to 100: how far the pitch moves; 50 is the voice's own."""
    gap: int = 0
    """An extra pause between words, in hundredths of a second."""


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))
_Sink: TypeAlias = Callable[[Any, int, Any], int]
_lock = Lock()


class _Library:
    """The loaded library, its sample rate, and the one callback that it is given. Use as a context, under the lock."""

    def __init__(self) -> None:
        self.sink: _Sink = _deaf
        # Kept here: the library holds only a bare pointer to it.
        self.callback = _Callback(self._heard)
        self.rate = 0

    def __enter__(self) -> _Library:
        self.calls, data = _loaded()
        self.rate = int(self.calls.espeak_Initialize(_SYNCHRONOUS, 200, str(data.parent).encode(), _DO_NOT_EXIT))
        if self.rate <= 0:
            _unload(self.calls)
            raise Unavailable(
                f"espeak-ng cannot read its data in {data}; get it anew: pip install --force-reinstall espeakng-loader"
            )
        self.calls.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
        self.calls.espeak_SetSynthCallback(self.callback)
        # The breath in some voices is noise, which is sown with the clock otherwise.
        self.calls.espeak_ng_SetRandSeed(ctypes.c_long(1))
        return self

    def __exit__(self, *failure: object) -> None:
        self.calls.espeak_Terminate()
        _unload(self.calls)

    def _heard(self, wave: Any, count: int, events: Any) -> int:
        return self.sink(wave, count, events)

    def check(self, code: int, doing: str) -> None:
        """Raise GiveUp when the library says that something went wrong."""
        if code:
            raise GiveUp(f"espeak-ng could not {doing} (its code is {code})")


def _deaf(wave: Any, count: int, events: Any) -> int:
    return 0


def _loaded() -> tuple[ctypes.CDLL, Path]:
    try:
        import espeakng_loader

        library, data = espeakng_loader.get_library_path(), Path(espeakng_loader.get_data_path())
        return ctypes.CDLL(library), data
    except (ImportError, OSError, RuntimeError) as error:
        raise Unavailable(f"espeak-ng is not on this machine ({error}); get it: pip install espeakng-loader") from error


def _unload(library: ctypes.CDLL) -> None:
    handle = ctypes.c_void_p(library._handle)
    if sys.platform == "win32":
        ctypes.windll.kernel32.FreeLibrary(handle)
    else:
        ctypes.CDLL(None).dlclose(handle)


@lru_cache(maxsize=1)
def voices() -> tuple[Voice, ...]:
    """Every voice that espeak-ng has, one entry for each language that it can be asked for by.

    Raises Unavailable when espeak-ng is not on this machine.
    """
    with _lock, _Library() as library:
        listed = library.calls.espeak_ListVoices(None)
        found: list[Voice] = []
        place = 0
        while listed[place]:
            voice = listed[place].contents
            found.extend(
                Voice(language, priority, (voice.identifier or b"").decode(), (voice.name or b"").decode())
                for priority, language in _languages(voice.languages)
                if language != "variant"
            )
            place += 1
    return tuple(sorted(found, key=lambda voice: (voice.language, voice.priority, voice.identifier)))


def _languages(address: int | None) -> list[tuple[int, str]]:
    """A priority byte and a C string, again and again, until a zero byte."""
    found: list[tuple[int, str]] = []
    while address and (priority := ctypes.c_ubyte.from_address(address).value):
        name = ctypes.string_at(address + 1)
        found.append((priority, name.decode("ascii", "replace")))
        address += len(name) + 2
    return found


def speak(text: str, voice: str, manner: Manner) -> Spoken:
    """Read `text` with the voice of this name or identifier (``gmw/en-US``, ``gmw/en+f3``).

    Raises Unavailable when there is no such voice, GiveUp when espeak-ng fails.
    """
    chunks: list[bytes] = []
    marks: list[Mark] = []
    with _lock, _Library() as library:
        calls, rate = library.calls, library.rate
        if calls.espeak_SetVoiceByName(voice.encode()):
            raise Unavailable(f"espeak-ng has no voice {voice!r}")
        pace = max(SLOWEST, min(FASTEST, manner.words_a_minute))
        for setting, value in (
            (_RATE, pace),
            (_VOLUME, 90),
            (_PITCH, manner.pitch),
            (_RANGE, manner.liveliness),
            (_WORD_GAP, manner.gap),
        ):
            library.check(calls.espeak_SetParameter(setting, value, 0), f"take the setting {setting}={value}")
        library.sink = _sink(chunks, marks, rate)
        data = text.encode() + b"\0"
        flags = _UTF8 | _END_PAUSE
        library.check(calls.espeak_Synth(data, len(data), 0, _BY_CHARACTER, 0, flags, None, None), "read the words")
        library.check(calls.espeak_Synchronize(), "finish reading")
    wave = np.frombuffer(b"".join(chunks), "<i2").astype(np.float32) / np.float32(32768)
    return Spoken(wave, rate, tuple(marks))


def _sink(chunks: list[bytes], marks: list[Mark], rate: int) -> _Sink:
    def take(wave: Any, count: int, events: Any) -> int:
        if wave and count > 0:
            chunks.append(ctypes.string_at(wave, count * 2))
        place = 0
        while events and events[place].type != _LIST_ENDS:
            event = events[place]
            if event.type == _WORD:
                # Positions count from 1.
                marks.append(Mark(event.text_position - 1, event.length, event.sample / rate))
            place += 1
        return 0

    return take
