"""Loudness against the figures of EBU Tech 3341, and the other measures against signals whose answer is known."""

from fractions import Fraction

import numpy as np
import pytest

from cutroom.measures import sound
from cutroom.time import Span

RATE = 48_000


def tone(seconds, level, frequency=1000.0, rate=RATE, phase=0.0):
    time = np.arange(round(seconds * rate)) / rate
    return (10 ** (level / 20) * np.sin(2 * np.pi * frequency * time + phase)).astype(np.float32)


def stereo(samples):
    return np.stack([samples, samples], axis=1)


def eased(samples, seconds=0.01):
    """Without the sudden start and stop whose overshoot is a true peak of its own."""
    count = round(seconds * RATE)
    ramp = np.hanning(2 * count)[:count].astype(np.float32)
    samples = samples.copy()
    samples[:count] *= ramp
    samples[-count:] *= ramp[::-1]
    return samples


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("level", [-23.0, -33.0])
def test_a_stereo_tone_is_as_loud_as_ebu_says(rate, level):
    assert sound.loudness(stereo(tone(20, level, rate=rate)), rate).integrated == pytest.approx(level, abs=0.1)


def test_one_channel_is_three_decibels_quieter_than_two():
    assert sound.loudness(tone(5, 0.0, 997.0), RATE).integrated == pytest.approx(-3.01, abs=0.02)


def test_quiet_stretches_do_not_count_ebu_3341_case_3():
    signal = stereo(np.concatenate([tone(10, -36), tone(60, -23), tone(10, -36)]))
    assert sound.loudness(signal, RATE).integrated == pytest.approx(-23.0, abs=0.1)


def test_very_quiet_stretches_do_not_move_the_gate_ebu_3341_case_4():
    parts = [tone(10, -72), tone(10, -36), tone(60, -23), tone(10, -36), tone(10, -72)]
    assert sound.loudness(stereo(np.concatenate(parts)), RATE).integrated == pytest.approx(-23.0, abs=0.1)


def test_alternating_levels_ebu_3341_case_5():
    signal = stereo(np.concatenate([tone(20, -26), tone(20.1, -20), tone(20, -26)]))
    assert sound.loudness(signal, RATE).integrated == pytest.approx(-23.0, abs=0.1)


def test_surround_channels_weigh_more_and_the_low_one_nothing():
    front = np.zeros((RATE * 5, 6), np.float32)
    front[:, 0] = tone(5, -20)
    back, low = np.roll(front, 4, axis=1), np.roll(front, 3, axis=1)
    assert sound.loudness_only(back, RATE) - sound.loudness_only(front, RATE) == pytest.approx(1.49, abs=0.01)
    assert sound.loudness(low, RATE).integrated is None


def test_silence_has_no_loudness():
    assert sound.loudness(np.zeros((RATE, 2), np.float32), RATE) == sound.Loudness(None, None)
    assert sound.loudness(np.zeros((0, 2), np.float32), RATE) == sound.Loudness(None, None)
    assert sound.loudness(stereo(tone(2, -90)), RATE).integrated is None


def test_a_word_shorter_than_a_gating_block_has_a_loudness():
    assert sound.loudness(stereo(tone(0.2, -23)), RATE).integrated == pytest.approx(-23.0, abs=0.3)


@pytest.mark.parametrize(("divisor", "phase", "peak"), [(4, np.pi / 4, 0.0), (6, np.pi / 6, 0.0), (3, 0.0, 0.0)])
def test_true_peaks_lie_between_samples_ebu_3341_cases_15_to_18(divisor, phase, peak):
    signal = eased(tone(1, 0.0, RATE / divisor, phase=phase))
    found = sound.true_peak(stereo(signal))
    assert peak - 0.4 <= found <= peak + 0.2
    assert found >= 20 * np.log10(np.abs(signal).max()) - 1e-6


def test_peaks_and_true_peak_agree_wherever_blocks_end():
    signal = np.zeros(300_000, np.float32)
    signal[65_520:65_570] = tone(1, -1.0, 12_000, phase=np.pi / 4)[:50]
    assert 20 * np.log10(sound.peaks(signal).max()) == pytest.approx(sound.true_peak(signal), abs=1e-5)


def test_skipping_what_cannot_matter_changes_nothing_that_matters():
    swelling = np.linspace(0, 0.3, 50_000)[:, None]
    noise = (np.random.default_rng(3).normal(size=(50_000, 2)) * swelling).astype(np.float32)
    every, some = sound.peaks(noise), sound.peaks(noise, above=0.6)
    assert np.array_equal(every[every > 0.6], some[every > 0.6])


def test_filters_are_what_they_say():
    assert 20 * np.log10(np.abs(sound.filtered(tone(1, 0, 40), [sound.high_pass(80, RATE)])[RATE // 2 :]).max()) < -11
    through = sound.filtered(tone(1, 0, 3000), [sound.bell(3000, -6, 1, RATE)])[RATE // 4 : RATE // 2]
    assert 20 * np.log10(np.abs(through).max()) == pytest.approx(-6, abs=0.05)
    shelf = sound.filtered(tone(1, 0, 20_000), [sound.high_shelf(5000, -4, RATE)])[RATE // 4 : RATE // 2]
    assert np.sqrt(2 * np.mean(shelf**2)) == pytest.approx(10 ** (-4 / 20), abs=0.01)


def test_a_filter_is_the_recursion_it_stands_for():
    section = sound.high_pass(80, RATE)
    impulse = np.zeros(70_000, np.float32)
    impulse[[5, 66_000]] = 1.0
    wanted, one, two, three, four = [], 0.0, 0.0, 0.0, 0.0
    for value in impulse[65_000:68_000].tolist():
        out = section.b0 * value + section.b1 * one + section.b2 * two - section.a1 * three - section.a2 * four
        one, two, three, four = value, one, out, three
        wanted.append(out)
    assert np.abs(sound.filtered(impulse, [section])[65_000:68_000] - wanted).max() < 1e-6


def test_silences_are_exact_to_the_sample():
    signal = np.concatenate([tone(1, -10), np.zeros(RATE * 2 + 7, np.float32), tone(1, -10), np.zeros(100, np.float32)])
    found = sound.silences(stereo(signal), RATE)
    assert len(found) == 1
    # A sine begins at zero, so its own first sample is silent too.
    assert abs(found[0].start - 1) <= Fraction(10, RATE)
    assert abs(found[0].length - Fraction(2 * RATE + 7, RATE)) <= Fraction(20, RATE)
    assert sound.silences(np.zeros(RATE, np.float32), RATE) == (Span(length=Fraction(1)),)
    assert sound.silences(np.zeros(0, np.float32), RATE) == ()


def test_clipping_is_flat_tops_and_not_loudness():
    loud = tone(1, 0.0)
    assert sound.clipped(np.clip(loud * 2, -1, 1)) > 0.5
    assert sound.clipped(loud) < 0.01
    assert sound.clipped(np.clip(loud * 2, -1, 1) * 0.5) == 0


def test_offset_and_crest():
    assert sound.offset(stereo(tone(1, -20)) + np.float32([0, -0.1])) == pytest.approx(-0.1, abs=1e-3)
    assert sound.crest(tone(1, -20)) == pytest.approx(3.01, abs=0.01)
    assert sound.crest(np.zeros(100, np.float32)) is None


def test_a_meter_that_hears_a_sound_in_parts_knows_what_the_whole_would_tell():
    chance = np.random.default_rng(9)
    whole = (chance.normal(0, 0.2, (3 * 48_000, 2)) * np.linspace(0, 1, 3 * 48_000)[:, None]).astype(np.float32)
    whole[60_000:75_000] = 0
    whole[100_000:101_000] = 1.5
    whole = np.clip(whole, -1, 1)
    cuts = np.sort([*chance.integers(0, len(whole), 40), 100_500, 100_501, 100_503])
    meter = sound.Meter(48_000, clipping=True, quiet=-60).hear_all(np.split(whole, cuts))

    found = sound.loudness(whole, 48_000)
    assert meter.integrated == pytest.approx(found.integrated, abs=1e-4)
    assert meter.true_peak == pytest.approx(found.true_peak, abs=1e-6)
    assert meter.clipped == sound.clipped(whole)
    assert meter.clipped > 0
    assert meter.silences(Fraction(1, 4)) == sound.silences(whole, 48_000, below=-60, at_least=Fraction(1, 4))
    assert len(meter.silences(Fraction(1, 4))) == 1
    assert meter.seconds == 3


def test_noise_under_a_tone_is_heard_earlier_than_under_noise():
    chance = np.random.default_rng(1)
    times = np.arange(48_000) / 48_000
    tone = 0.3 * np.sin(2 * np.pi * 1000 * times)
    hiss = chance.normal(0, 0.1, 48_000)
    added = 10 ** (-26 / 20) * np.sin(2 * np.pi * 1050 * times) * 0.3
    assert np.median(sound.noise_to_mask(tone, added, 48_000)[:, 8]) > -1
    assert np.median(sound.noise_to_mask(hiss, 0.05 * chance.normal(0, 0.1, 48_000), 48_000)[:, 8]) < -10
    assert sound.noise_to_mask(tone, 0 * tone, 48_000).max() == -100
