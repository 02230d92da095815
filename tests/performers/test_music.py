"""The house composer: what is written obeys its own rules, and what is heard is what was written."""

from fractions import Fraction
from itertools import pairwise
from typing import get_args

import numpy as np
import pytest

from cutroom.errors import BadInput, GiveUp
from cutroom.measures.sound import loudness
from cutroom.media.sound import look, samples
from cutroom.performers.house.composing import piece as pieces
from cutroom.performers.house.composing.form import sections
from cutroom.performers.house.composing.melody import at
from cutroom.performers.house.composing.mixing import LOUDNESS
from cutroom.performers.house.composing.moods import MOODS
from cutroom.performers.house.composing.piece import compose, performed, seconds_at
from cutroom.performers.house.composing.sampler import RATE, Player, Sound, Struck
from cutroom.performers.house.composing.soundfont import SoundFont, house_soundfont
from cutroom.performers.house.composing.theory import SCALES, chord, progression, voiced
from cutroom.performers.house.music import Composer, played
from cutroom.performers.performer import Desk
from cutroom.plan.catalogue.generate import ComposeMusic, Mood, Speak
from cutroom.timeline.beats import TEMPI, tempo_grid

TUNES = ("tune", "bridge tune")


def written(mood, seconds, seed=1, **kind):
    return compose(mood, tempo_grid(mood, Fraction(seconds), seed), seed, **kind)


def desk(store, seed=5):
    return Desk(store=store, inputs={}, seed=seed, scratch=store.scratch())


def rms(wave):
    return 20 * np.log10(np.sqrt(np.mean(np.square(wave, dtype=np.float64))) + 1e-12)


def solo(sound, notes, seconds=4):
    dry, wet = np.zeros((2, seconds * RATE), np.float32), np.zeros(seconds * RATE, np.float32)
    Player(house_soundfont()).play(notes, sound, dry, wet)
    return dry


# Theory


def test_numerals_become_chords_and_wrong_ones_are_refused():
    assert chord("V7/3", 0, "major").tones == (7, 11, 2, 5)
    assert chord("V7/3", 0, "major").bass == 11
    assert chord("bVImaj7", 9, "minor").tones == (5, 9, 0, 4)
    assert chord("V", 9, "minor").scale == (9, 11, 0, 2, 4, 5, 8)
    with pytest.raises(ValueError, match="VIII"):
        chord("VIII", 0, "major")


def test_chords_follow_each_other_by_small_steps():
    before = ()
    moves = []
    for bar in progression("Iadd9 | V/3 | vi7 | IVmaj7 | ii7 | Vsus4 V | I", 2, "major"):
        for one in bar:
            keys = voiced(one.tones, before, 52, 71, 4)
            assert {one.tones[1]} <= {key % 12 for key in keys}, one.symbol
            moves += [abs(old - new) for old, new in zip(before, keys, strict=False)]
            before = keys
    assert max(moves) <= 7
    assert np.mean(moves) < 2.5


def test_every_mood_has_music_that_can_be_read():
    assert set(MOODS) == set(TEMPI) == set(get_args(Mood))
    for name, mood in MOODS.items():
        assert mood.mode in SCALES
        assert all(sum(abs(length) for length in cell) == 16 for cell in mood.cells), name
        for text in (*mood.themes, *mood.bridges, mood.cadence, mood.final):
            bars = list(progression(text, 0, mood.mode))
            assert len(bars) in (1, 4, 8)
        assert all(len(strokes) in (14, 16) for bar in mood.drums for strokes in bar.values()), name


@pytest.mark.parametrize("bars", [0, 1, 2, 3, 4, 5, 7, 8, 11, 16, 23, 28, 31, 47, 64, 150, 299])
def test_a_form_fills_its_bars_without_gaps_and_grows(bars):
    form = sections(bars)
    assert sum(section.bars for section in form) == bars
    assert all(one.end == other.start for one, other in pairwise(form))
    if bars >= 24:
        assert form[0].kind == "intro"
        assert form[-1].kind == "ending"
        assert max(form, key=lambda section: section.energy).start > bars / 3


# What is written


@pytest.mark.parametrize("mood", TEMPI)
def test_tunes_are_singable(mood):
    sizes = []
    for seed in range(5):
        for part in written(mood, 75, seed).parts:
            if part.name in TUNES:
                keys = [note.key for note in part.notes]
                assert 55 <= min(keys) < max(keys) <= 88
                assert max(keys) - min(keys) <= 24
                sizes += [abs(one.key - other.key) for one, other in pairwise(part.notes) if one.end == other.at]
    assert np.mean([size <= 2 for size in sizes]) > 0.6
    assert np.mean([size <= 4 for size in sizes]) > 0.75
    assert max(sizes) <= 12


@pytest.mark.parametrize("mood", TEMPI)
def test_strong_notes_of_a_tune_belong_to_the_harmony(mood):
    strong = [
        note.key % 12 in at(piece.harmonies, note.at).tones
        for seed in range(4)
        for piece in [written(mood, 60, seed)]
        for part in piece.parts
        if part.name in TUNES
        for note in part.notes
        if note.at % 2 == 0 and note.length >= 1
    ]
    assert np.mean(strong) > 0.8


def test_a_theme_comes_back_as_itself_and_not_note_for_note():
    piece = written("warm", 100, 2)
    first, again = [section for section in piece.form if section.kind == "theme"][:2]
    tune = next(part.notes for part in piece.parts if part.name == "tune")

    def heard(section):
        return {
            (note.at - 4 * section.start, note.key) for note in tune if 4 * section.start <= note.at < 4 * section.end
        }

    shared = len(heard(first) & heard(again)) / len(heard(first))
    assert shared > 0.5
    assert heard(first) != heard(again)


@pytest.mark.parametrize("mood", TEMPI)
@pytest.mark.parametrize("seconds", [3, 7, 30, 200])
def test_nothing_starts_after_the_final_chord_and_the_tune_ends_on_the_tonic(mood, seconds):
    piece = written(mood, seconds, 4)
    assert all(note.at < piece.last + 1 for part in piece.parts for note in part.notes)
    tune = next(part.notes for part in piece.parts if part.name == "tune")
    assert tune[-1].at == piece.last
    assert tune[-1].key % 12 == piece.harmonies[-1].chord.tonic == piece.tonic
    if seconds >= 30:
        assert piece.harmonies[-2].chord.root == (piece.tonic + 7) % 12


def test_long_music_is_no_loop():
    piece = written("upbeat", 600, 2)
    eights = [section for section in piece.form if section.bars == 8]
    tunes = [note for part in piece.parts if part.name in TUNES for note in part.notes]
    heard = {
        frozenset(
            (note.at - 4 * section.start, note.key) for note in tunes if 4 * section.start <= note.at < 4 * section.end
        )
        for section in eights
    }
    assert len(heard) > 0.7 * len(eights)
    assert len({section.shift for section in piece.form}) >= 3
    assert piece.form[-1].shift == 0


def test_other_seeds_are_other_pieces_and_the_same_seed_the_same():
    pieces_ = [
        tuple(note.key for part in written("upbeat", 20, seed).parts for note in part.notes) for seed in (1, 2, 3)
    ]
    assert len(set(pieces_)) == 3
    assert written("upbeat", 20, 1) == written("upbeat", 20, 1)


def test_under_a_voice_the_tune_steps_back():
    plain, under = written("warm", 60), written("warm", 60, under_voice=True)

    def tune(piece):
        return [note for part in piece.parts if part.name in (*TUNES, "answer", "double") for note in part.notes]

    assert len(tune(under)) < 0.5 * len(tune(plain))
    assert max(note.velocity for note in tune(under)) < max(note.velocity for note in tune(plain))


# What is played


@pytest.mark.parametrize("mood", TEMPI)
def test_players_keep_to_the_beats(mood):
    piece = written(mood, 30)
    beats = np.array([float(beat) for beat in piece.grid.beats])
    for part in piece.parts:
        for note, struck in zip(part.notes, performed(piece, part, 1), strict=True):
            if note.at.denominator == 1 and note.at <= piece.last:
                assert np.abs(beats - struck.at / RATE).min() <= 0.005
            assert struck.at + struck.samples <= piece.grid.seconds * RATE


@pytest.mark.parametrize(("program", "key"), [(0, 60), (24, 64), (33, 38), (11, 72), (48, 60), (73, 76)])
def test_instruments_are_in_tune(program, key):
    wave = solo(Sound(program), [Struck(0, 2 * RATE, key, 90)]).sum(axis=0)[RATE // 4 : RATE * 7 // 4]
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 1 << 20))
    frequency = np.fft.rfftfreq(1 << 20, 1 / RATE)
    pitch = 440 * 2 ** ((key - 69) / 12)
    near = (frequency > pitch * 0.94) & (frequency < pitch * 1.06)
    cents = 1200 * np.log2(frequency[near][np.argmax(spectrum[near])] / pitch)
    assert abs(cents) < 12


def test_a_piano_note_dies_away_while_it_is_held_and_stops_softly_when_let_go():
    wave = solo(Sound(0), [Struck(0, 2 * RATE, 60, 90)])
    levels = [
        rms(wave[:, start : start + RATE // 10]) for start in (RATE // 20, RATE, RATE * 19 // 10, RATE * 22 // 10)
    ]
    assert levels[0] > levels[1] + 5 > levels[2] + 10
    assert levels[3] < levels[2] - 6
    assert np.abs(np.diff(wave[0, 2 * RATE - 50 : 2 * RATE + 4000])).max() < 0.02


def test_a_harder_stroke_is_louder_and_brighter():
    soft, hard = (solo(Sound(0), [Struck(0, RATE, 60, velocity)], 2) for velocity in (40, 110))
    assert rms(hard) > rms(soft) + 10

    def brightness(wave):
        power = np.abs(np.fft.rfft(wave[0])) ** 2
        high = np.fft.rfftfreq(len(wave[0]), 1 / RATE) > 2000
        return 10 * np.log10(power[high].sum() / power.sum())

    assert brightness(hard) > brightness(soft) + 2


def test_a_closed_hat_silences_the_open_one():
    ringing = solo(Sound(0, bank=128), [Struck(0, 4800, 46, 100)], 1)
    closed = solo(Sound(0, bank=128), [Struck(0, 4800, 46, 100), Struck(9600, 4800, 42, 1)], 1)
    later = slice(12000, 20000)
    assert rms(closed[:, later]) < rms(ringing[:, later]) - 20


def test_the_harmony_that_is_written_is_heard():
    piece = written("warm", 30, 2)
    piece = pieces.Piece(
        piece.grid,
        piece.tonic,
        piece.form,
        piece.harmonies,
        tuple(part for part in piece.parts if part.name in ("pad", "accompaniment", "bass")),
        piece.last,
    )
    mono = played(piece, 2).mean(axis=0)
    hits = []
    for harmony in piece.harmonies[:-1]:
        start, end = (round(seconds_at(piece.grid, beat) * RATE) for beat in (harmony.at, harmony.at + harmony.length))
        chroma = _chroma(mono[start + RATE // 8 : end])
        hits.append(set(np.argsort(chroma)[-3:]) <= set(harmony.chord.tones) | {harmony.chord.bass})
    assert np.mean(hits) > 0.8


def _chroma(wave):
    power = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 1 << 17)) ** 2
    frequency = np.fft.rfftfreq(1 << 17, 1 / RATE)
    kept = (frequency > 70) & (frequency < 1000)
    keys = np.round(69 + 12 * np.log2(frequency[kept] / 440)).astype(int) % 12
    return np.bincount(keys, power[kept], 12)


@pytest.mark.parametrize("mood", TEMPI)
def test_a_piece_is_clean_even_and_ends_in_silence(mood):
    seconds = Fraction(60013, 10007)
    music = played(written(mood, seconds, 3), 3)
    assert music.shape == (2, round(seconds * RATE))
    assert music.dtype == np.float32
    level = loudness(music.T, RATE)
    assert level.integrated == pytest.approx(LOUDNESS, abs=0.7)
    assert np.abs(music).max() <= 10 ** (-3 / 20) + 1e-3
    assert abs(music.mean()) < 1e-4
    assert np.abs(music[:, -480:]).max() < 0.002
    assert rms(music[:, -9600:]) < rms(music) - 18
    assert abs(rms(music[0]) - rms(music[1])) < 3
    assert np.corrcoef(music)[0, 1] < 0.97


@pytest.mark.slow
@pytest.mark.parametrize("mood", ["calm", "upbeat", "epic"])
def test_the_sound_is_neither_boomy_nor_harsh(mood):
    mono = played(written(mood, 12, 2), 2).mean(axis=0)
    power = np.abs(np.fft.rfft(mono)) ** 2
    frequency = np.fft.rfftfreq(len(mono), 1 / RATE)

    def band(low, high):
        return 10 * np.log10(power[(frequency >= low) & (frequency < high)].sum())

    assert band(20, 30) < band(60, 250) - 15
    assert band(60, 250) < band(250, 2000) + 8
    assert band(2000, 8000) < band(250, 2000) - 3
    assert band(2000, 8000) > band(250, 2000) - 30


# The performer


def test_music_is_kept_to_the_sample_with_beats_to_cut_on(store):
    step = ComposeMusic(mood="calm", seconds=Fraction(601, 60), seed=4)
    composer = Composer()
    assert composer.performs(step)
    assert not composer.performs(Speak(text="hello"))
    assert composer.terms(step).price.free
    assert len(composer.settings(step)["soundfont"]) == 64
    kept = composer.perform(step, desk(store))
    assert kept.seconds == look(store.path(kept)).seconds == Fraction(round(step.seconds * RATE), RATE)
    assert (kept.rate, kept.channels) == (RATE, 2)
    assert kept.beats == tempo_grid("calm", step.seconds, 4).beats
    assert samples(store.path(kept)).shape == (round(step.seconds * RATE), 2)


def test_the_same_take_has_the_same_bytes_and_another_take_other_music_on_the_same_beats(store):
    step = ComposeMusic(mood="playful", seconds=Fraction(8))
    one, same, other = (Composer().perform(step, desk(store, seed)) for seed in (5, 5, 6))
    assert one.digest == same.digest != other.digest
    assert one.beats == other.beats


@pytest.mark.parametrize("seconds", [Fraction(0), Fraction(100_000)])
def test_a_length_that_cannot_be_is_refused(store, seconds):
    with pytest.raises(GiveUp, match="ask for"):
        Composer().perform(ComposeMusic(mood="calm", seconds=seconds), desk(store))


def test_music_under_a_voice_leaves_room_where_voices_are():
    plain, under = (played(written("warm", 12, 2, under_voice=voice), 2, dip=4.0 * voice) for voice in (False, True))

    def voices(wave):
        power = np.abs(np.fft.rfft(wave.mean(axis=0))) ** 2
        frequency = np.fft.rfftfreq(wave.shape[1], 1 / RATE)
        inside = (frequency > 500) & (frequency < 3000)
        return 10 * np.log10(power[inside].sum() / power.sum())

    assert voices(under) < voices(plain) - 2


def test_a_file_that_is_no_soundfont_is_named(tmp_path):
    broken = tmp_path / "broken.sf2"
    broken.write_bytes(b"RIFF\x10\x00\x00\x00WAVEfmt ")
    with pytest.raises(BadInput, match=r"broken\.sf2: not a SoundFont"):
        SoundFont(broken)
