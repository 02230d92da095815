"""The house composer: music by rule for a mood and an exact length."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from cutroom.errors import GiveUp, Unavailable
from cutroom.media.kinds import Audio, Media
from cutroom.media.sound import write_wav
from cutroom.media.store import digest_of
from cutroom.performers.house.composing.mixing import mixed
from cutroom.performers.house.composing.piece import RATE, Piece, compose, performed
from cutroom.performers.house.composing.sampler import Player, Wave
from cutroom.performers.house.composing.soundfont import find_soundfont, house_soundfont
from cutroom.performers.performer import Desk
from cutroom.plan.catalogue.generate import ComposeMusic
from cutroom.plan.step import AnyStep
from cutroom.plan.terms import HOUSE, Terms
from cutroom.timeline.beats import tempo_grid

LONGEST = Fraction(1800)
"""Half an hour: more would not fit into memory comfortably."""
VOICE_DIP = 4.0
"""By how many decibels music under a voice is lowered where voices are."""


class Composer:
    """Composes music and plays it with the soundfont at hand."""

    name = "house/composer"
    version = "1"
    """Raise it when notes, sounds or `cutroom.timeline.beats` change."""

    def performs(self, step: AnyStep) -> bool:
        """True for music, when there is a soundfont on this machine."""
        if not isinstance(step, ComposeMusic):
            return False
        try:
            find_soundfont()
        except Unavailable:
            return False
        return True

    def settings(self, step: AnyStep) -> dict[str, Any]:
        """The soundfont's digest: another one sounds different."""
        del step
        return {"soundfont": digest_of(find_soundfont()).digest}

    def terms(self, step: AnyStep) -> Terms:
        """Nothing."""
        del step
        return HOUSE

    def perform(self, step: AnyStep, desk: Desk) -> Media:
        """Compose, play and keep the music: 48 kHz stereo of the exact length, with its beats.

        The beats come from the step alone, so another take is another piece on the same beats. Raises GiveUp for a
        length of nothing or of more than half an hour.
        """
        if not isinstance(step, ComposeMusic):
            raise GiveUp(f"{self.name} composes music; it can't carry out {step.kind}")
        if not 0 < step.seconds <= LONGEST:
            raise GiveUp(f"music of {step.seconds} s: ask for more than 0 and at most {LONGEST} s")
        grid = tempo_grid(step.mood, step.seconds, step.seed)
        seed = f"{step.seed}/{desk.seed}"
        piece = compose(step.mood, grid, seed, under_voice=step.under_voice)
        music = played(piece, seed, dip=VOICE_DIP if step.under_voice else 0.0, desk=desk)
        path = desk.scratch / "music.wav"
        write_wav(path, np.ascontiguousarray(music.T), RATE)
        return _kept(desk, path, music, grid.beats)


def played(piece: Piece, seed: object, *, dip: float = 0.0, desk: Desk | None = None) -> Wave:
    """The piece as sound: float32 (2, n), n exactly the piece's length at 48 kHz."""
    count = round(piece.grid.seconds * RATE)
    dry, wet = np.zeros((2, count), np.float32), np.zeros(count, np.float32)
    player = Player(house_soundfont())
    for number, part in enumerate(piece.parts):
        player.play(performed(piece, part, seed), part.sound, dry, wet)
        if desk is not None:
            desk.progress(number + 1, len(piece.parts) + 1)
    return mixed(dry, wet, dip=dip)


def _kept(desk: Desk, path: Any, music: Wave, beats: tuple[Fraction, ...]) -> Audio:
    return desk.keep_sound(path, seconds=Fraction(music.shape[1], RATE), rate=RATE, channels=2, beats=beats)
