"""Stems and mixes: as long as the film, as loud as asked, and the sum of their parts."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from cutroom.errors import WrongUse
from cutroom.exports.edit import Edit
from cutroom.exports.sounds import write_mix, write_stems, write_wav24
from cutroom.measures.sound import loudness
from cutroom.media import sound
from cutroom.render.sound import mix

NOTHING = lambda what, why: None  # noqa: E731


def test_stems_are_as_long_as_the_film_and_sum_to_its_mix(edit: Callable[..., Edit], tmp_path: Path):
    cut = edit()
    names = write_stems(cut, tmp_path, NOTHING)
    assert names == ["voice.wav", "music.wav", "natural.wav", "mix.wav"]
    parts = [sound.samples(tmp_path / name) for name in names]
    assert {len(part) for part in parts} == {round(cut.timeline.seconds * 48_000)}
    whole = mix(cut.timeline, cut.store)
    assert np.abs(parts[0] + parts[1] + parts[2] - whole).max() < 2e-6
    heard = np.abs(parts[0]).max(axis=1) > 0.01
    # The voice begins at 1.234 s, to the sample but for its own rise.
    assert abs(int(np.argmax(heard)) / 48_000 - 1.234) < 0.01
    with av.open(str(tmp_path / "voice.wav")) as container:
        assert container.streams.audio[0].codec_context.name == "pcm_s24le"


def test_24_bits_keep_what_16_would_lose(tmp_path: Path):
    quiet = (np.sin(np.arange(4800) / 20)[:, None] * np.full((1, 2), 2e-5)).astype(np.float32)
    write_wav24(tmp_path / "quiet.wav", [quiet])
    read = sound.samples(tmp_path / "quiet.wav")
    assert np.abs(read - quiet).max() < 2**-23
    write_wav24(tmp_path / "loud.wav", [np.array([[1.5, -1.5]] * 100, np.float32)])
    assert np.allclose(sound.samples(tmp_path / "loud.wav"), [1.0, -1.0], atol=1e-6)


@pytest.mark.parametrize("suffix", [".m4a", ".mp3", ".wav"])
def test_the_mix_has_the_loudness_asked_for_and_stays_under_its_peak(
    edit: Callable[..., Edit], tmp_path: Path, suffix: str
):
    cut = replace(edit(), loudness=-20.0, true_peak=-2.0)
    path = tmp_path / f"film{suffix}"
    write_mix(cut, path, NOTHING)
    found = loudness(sound.samples(path), 48_000)
    assert found.integrated == pytest.approx(-20.0, abs=0.5)
    assert found.true_peak <= -2.0
    assert abs(sound.look(path).seconds - cut.timeline.seconds) < 0.1


def test_silence_is_told_and_other_kinds_of_file_are_refused(edit: Callable[..., Edit], tmp_path: Path):
    with pytest.raises(WrongUse, match="no sound"):
        write_stems(edit(sound=()), tmp_path, NOTHING)
    with pytest.raises(WrongUse, match="no sound"):
        write_mix(edit(sound=()), tmp_path / "x.wav", NOTHING)
    with pytest.raises(WrongUse, match=r"\.m4a, \.mp3 or \.wav"):
        write_mix(edit(), tmp_path / "x.ogg", NOTHING)
