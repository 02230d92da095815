"""The mix, listened to with numbers: where sounds fall, how loud they are, how music makes room, what is limited."""

from fractions import Fraction

import numpy as np
import pytest

from cutroom.errors import BadInput
from cutroom.measures import sound as measure
from cutroom.media import sound as files
from cutroom.media.kinds import Audio
from cutroom.media.store import Store
from cutroom.render import mastering
from cutroom.render import sound as render
from cutroom.time import Span
from cutroom.timeline.timeline import Format, Gap, Sound, SoundTrack, Timeline

RATE = 48_000


class Studio:
    """A store, and short ways to put sounds and timelines into being."""

    def __init__(self, folder):
        self.folder, self.store = folder, Store(folder / "store")

    def keep(self, samples):
        path = self.folder / "new.wav"
        files.write_wav(path, samples)
        blob = self.store.add(path, ".wav")
        channels = 2 if samples.ndim == 2 else 1
        return Audio(
            digest=blob.digest,
            bytes=blob.bytes,
            suffix=".wav",
            seconds=Fraction(len(samples), RATE),
            rate=RATE,
            channels=channels,
        )

    def mix(self, seconds, *tracks, **options):
        film = Timeline(format=Format(), picture=(Gap(seconds=Fraction(seconds)),), sound=tracks)
        return render.mix(film, self.store, **options)


@pytest.fixture
def studio(tmp_path):
    return Studio(tmp_path)


def tone(seconds, level=-20.0, frequency=1000.0):
    time = np.arange(round(seconds * RATE)) / RATE
    return (10 ** (level / 20) * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


def noise(seconds, level=-20.0, seed=0):
    return (np.random.default_rng(seed).normal(size=round(seconds * RATE)) * 10 ** (level / 20)).astype(np.float32)


def talk(seconds, level=-20.0):
    """Syllables: noise that swells four times a second."""
    time = np.arange(round(seconds * RATE)) / RATE
    return noise(seconds, level) * np.abs(np.sin(2 * np.pi * 2 * time)).astype(np.float32)


def placed(media, start=0, **more):
    more.setdefault("source", Span(length=media.seconds))
    return Sound(media=media, start=Fraction(start), **more)


def level(samples, begin, end):
    return 20 * np.log10(np.sqrt(np.mean(samples[round(begin * RATE) : round(end * RATE)] ** 2)) + 1e-12)


def test_an_empty_film_is_silent_and_exactly_as_long(studio):
    assert studio.mix(Fraction("1.00001")).shape == (48_000, 2)
    assert not studio.mix(Fraction(1001, 1000)).any()


def test_a_sound_begins_at_its_very_sample(studio):
    click = np.zeros(4800, np.float32)
    click[1000] = 0.5
    film = studio.mix(2, SoundTrack(role="effects", sounds=(placed(studio.keep(click), Fraction(1, 3)),)))
    assert np.flatnonzero(np.abs(film[:, 0]) > 0.4).tolist() == [16_000 + 1000]


def test_a_part_of_a_sound_is_that_part_and_gains_add(studio):
    media = studio.keep(np.concatenate([tone(1), tone(1, -6, 500), tone(1)]))
    sound = placed(media, 0, source=Span(start=Fraction(1), length=Fraction(1)), gain=-3.0)
    film = studio.mix(2, SoundTrack(role="effects", sounds=(sound,), gain=-3.0))
    assert level(film, 0.2, 0.8) == pytest.approx(-6 - 3.01 - 6, abs=0.1)
    assert level(film, 1.01, 2) < -100


def test_sound_that_is_longer_than_the_film_ends_with_it_without_a_click(studio):
    film = studio.mix(1, SoundTrack(role="effects", sounds=(placed(studio.keep(tone(5)), 0),)))
    assert len(film) == RATE
    assert abs(film[-1]).max() < 1e-4
    assert level(film, 0.5, 0.9) == pytest.approx(-23, abs=0.1)


def test_edges_never_click(studio):
    media = studio.keep(np.full(RATE, 0.5, np.float32))
    film = studio.mix(3, SoundTrack(role="effects", sounds=(placed(media, 1),)))
    assert np.abs(np.diff(film[:, 0])).max() < 0.01


def test_a_recording_cut_in_two_plays_on_as_if_it_were_not(studio):
    media = studio.keep(tone(2))
    halves = tuple(placed(media, at, source=Span(start=Fraction(at), length=Fraction(1))) for at in (0, 1))
    whole = studio.mix(2, SoundTrack(role="effects", sounds=(placed(media),)))
    assert np.array_equal(whole, studio.mix(2, SoundTrack(role="effects", sounds=halves)))


def test_a_crossfade_of_unlike_sounds_keeps_its_power_and_a_lone_fade_is_smooth(studio):
    one, other = (studio.keep(noise(2, seed=seed)) for seed in (1, 2))
    second = Fraction(1)
    sounds = (placed(one, 0, fade_out=second), placed(other, 1, fade_in=second, fade_out=second))
    film = studio.mix(3, SoundTrack(role="effects", sounds=sounds))
    for at in (1.2, 1.5, 1.8):
        assert level(film, at - 0.05, at + 0.05) == pytest.approx(-20, abs=0.8)
    assert level(film, 2.45, 2.55) == pytest.approx(-26, abs=0.8)
    assert level(film, 2.95, 3) < -55


def test_lines_come_out_equally_loud_however_they_were_recorded(studio):
    lines = [studio.keep(talk(2, level)) for level in (-40, -12)]
    film = studio.mix(6, SoundTrack(role="voice", sounds=(placed(lines[0], 0), placed(lines[1], 3))))
    first, second = (measure.loudness_only(film[begin : begin + 2 * RATE], RATE) for begin in (0, 3 * RATE))
    assert first == pytest.approx(render.LEVELS["voice"].loudness, abs=0.5)
    assert first == pytest.approx(second, abs=0.2)


def test_a_quiet_place_stays_quiet(studio):
    film = studio.mix(3, SoundTrack(role="natural", sounds=(placed(studio.keep(noise(3, -60))),)))
    assert level(film, 0.5, 2.5) == pytest.approx(-54, abs=0.5)


def test_rumble_is_taken_from_a_voice_and_not_from_music(studio):
    rumble = studio.keep(tone(3, -6, 30) + talk(3, -26))
    voice = studio.mix(3, SoundTrack(role="voice", sounds=(placed(rumble),)))
    music = studio.mix(3, SoundTrack(role="music", sounds=(placed(rumble),)))

    def low(film):
        spectrum = np.abs(np.fft.rfft(film[:, 0]))
        return 20 * np.log10(spectrum[90] / np.linalg.norm(spectrum[300:]))  # 30 Hz against all above 100 Hz

    assert low(voice) < low(music) - 12


def test_music_makes_room_before_the_first_word_and_comes_back_slowly(studio):
    music = SoundTrack(role="music", sounds=(placed(studio.keep(tone(12, -20, 700))),), duck=12)
    lines = (placed(studio.keep(talk(2)), 4), placed(studio.keep(talk(1.5)), Fraction(13, 2)))
    voice = SoundTrack(role="voice", sounds=lines)
    alone, both = studio.mix(12, music), studio.mix(12, music, voice)
    only_voice = studio.mix(12, voice)
    ducked = both - only_voice

    def down(at):
        return level(alone, at - 0.02, at + 0.02) - level(ducked, at - 0.02, at + 0.02)

    assert down(3.6) == pytest.approx(0, abs=0.05)
    assert down(4.02) == pytest.approx(12, abs=0.3)  # down when the word comes
    assert down(6.25) == pytest.approx(12, abs=0.1)  # the pause between the lines is bridged
    assert 3 < down(8.6) < 11  # on its way back
    assert down(9.3) == pytest.approx(0, abs=0.05)


def test_ducked_music_lies_well_under_the_voice_whatever_came_in(studio):
    for loud in (-3, -35):
        music = SoundTrack(role="music", sounds=(placed(studio.keep(noise(8, loud))),), duck=10)
        voice = SoundTrack(role="voice", sounds=(placed(studio.keep(talk(8))),))
        both, spoken = studio.mix(8, music, voice), studio.mix(8, voice)
        under = measure.loudness_only(spoken, RATE) - measure.loudness_only((both - spoken)[RATE:-RATE], RATE)
        assert 11.5 < under < 14.5


def test_a_track_without_duck_does_not_move(studio):
    music = SoundTrack(role="music", sounds=(placed(studio.keep(tone(4))),))
    voice = SoundTrack(role="voice", sounds=(placed(studio.keep(talk(2)), 1),))
    assert np.allclose(studio.mix(4, music, voice), studio.mix(4, music) + studio.mix(4, voice), atol=1e-6)


@pytest.mark.parametrize("speed", [Fraction(1, 2), Fraction(3, 4), Fraction(5, 4), Fraction(3)])
def test_another_speed_keeps_the_pitch(studio, speed):
    media = studio.keep(tone(3, -12, 440))
    film = studio.mix(8, SoundTrack(role="effects", sounds=(placed(media, 1, speed=speed),)))
    heard = film[RATE : RATE + round(3 / speed * RATE)]
    assert level(heard, 0.05, float(3 / speed) - 0.1) == pytest.approx(-15, abs=0.6)
    assert level(film, 1 + float(3 / speed) + 0.01, 8) < -100
    spectrum = np.abs(np.fft.rfft(heard[:, 0] * np.hanning(len(heard))))
    assert np.argmax(spectrum) * RATE / len(heard) == pytest.approx(440, abs=3)


def test_one_unreadable_sound_costs_only_itself(studio):
    blob = studio.store.add_bytes(b"this is not sound", ".wav")
    broken = Audio(digest=blob.digest, bytes=blob.bytes, suffix=".wav", seconds=Fraction(1), rate=RATE, channels=1)
    good = placed(studio.keep(tone(1)), 1)
    track = SoundTrack(role="effects", sounds=(placed(broken, 0, name="hum.wav"), good))
    with pytest.raises(BadInput):
        studio.mix(2, track)
    told = []
    film = studio.mix(2, track, degrade=lambda what, why: told.append((what, why)))
    assert told[0][0] == "effects: hum.wav"
    assert level(film, 1.2, 1.8) == pytest.approx(-23, abs=0.1)


def busy(seconds=10):
    """A film's sound: swelling noise with hits far above it."""
    hits = noise(seconds, -26, 5) * (1 + np.sin(np.arange(round(seconds * RATE)) / 7000)).astype(np.float32)
    for at in range(RATE // 3, len(hits) - 2400, RATE // 2):
        hits[at : at + 2400] += tone(0.05, -1, 900 + at % 700) * np.linspace(1, 0, 2400, dtype=np.float32)
    return np.stack([hits, hits[::-1]], axis=1)


@pytest.mark.parametrize("target", [-14.0, -16.0, -23.0])
def test_the_master_is_as_loud_as_wanted_and_never_over(target):
    result = mastering.master(busy(), loudness=target, true_peak=-1.0)
    found = measure.loudness(result, RATE)
    assert found.integrated == pytest.approx(target, abs=0.3)
    assert found.true_peak <= -1.0
    assert result.dtype == np.float32


def test_the_limiter_comes_before_the_hit_and_lets_go_after_it():
    signal = np.stack([tone(4, -18)] * 2, axis=1)
    signal[2 * RATE : 2 * RATE + 480] *= 16
    result = mastering.mastered(signal, loudness=-14.5, true_peak=-1.0)
    assert result.true_peak <= -1.0
    assert result.limited > 5
    gain = 20 * np.log10(np.abs(result.samples[:, 0]).reshape(-1, 240).max(axis=1))
    assert abs(gain[200] - gain[-20]) < 0.1  # a second before and well after: the same level


def test_what_the_master_says_of_itself_is_true():
    for signal in (busy(), np.stack([noise(6, -30)] * 2, axis=1), np.stack([tone(6, -40)] * 2, axis=1)):
        result = mastering.mastered(signal)
        found = measure.loudness(result.samples, RATE)
        assert found.integrated == pytest.approx(result.loudness, abs=0.05)
        assert found.true_peak == pytest.approx(result.true_peak, abs=0.05)


def test_silence_stays_silence():
    result = mastering.mastered(np.zeros((RATE, 2), np.float32))
    assert (result.loudness, result.true_peak, result.gain) == (None, None, 0.0)
    assert not result.samples.any()


def test_a_whisper_is_not_blown_up_and_a_lone_bang_is_not_flattened():
    hush = mastering.mastered(np.stack([noise(5, -62)] * 2, axis=1))
    assert hush.gain == pytest.approx(20)
    assert hush.loudness < -35
    bang = np.stack([noise(10, -55)] * 2, axis=1)
    bang[5 * RATE : 5 * RATE + 200] = 0.9
    result = mastering.mastered(bang)
    assert result.limited <= 24.1
    assert result.true_peak <= -1.0


def test_the_same_film_gives_the_same_bytes(studio):
    track = SoundTrack(role="music", sounds=(placed(studio.keep(noise(3))),))
    one, other = (mastering.master(studio.mix(3, track)).tobytes() for _ in range(2))
    assert one == other
