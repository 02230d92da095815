import base64
import io
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from cutroom.chat.messages import Clip, Picture, Sound, shown
from cutroom.chat.showing import show
from cutroom.errors import BadInput, WrongUse
from cutroom.media import sound as sounds
from cutroom.media.kinds import Image as Still
from cutroom.media.kinds import Text


def picture_of(piece) -> np.ndarray:
    head, data = piece["image_url"]["url"].split(",", 1)
    assert head == "data:image/jpeg;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


def is_yellow(pixel) -> bool:
    return int(pixel[0]) > 200 and int(pixel[1]) > 180 and int(pixel[2]) < 90


def test_a_picture_is_sent_upright_and_no_larger_than_said(make_picture):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held turned: as stored, the top is on the right
    exif[0x010F] = "Secret Camera"
    path = make_picture("turned.jpg", 400, 200, exif=exif)
    (piece,) = show(Picture.data(path.read_bytes(), longest=100))
    seen = picture_of(piece)
    assert seen.shape == (100, 50, 3)
    assert is_yellow(seen[4, -5])
    assert b"Secret" not in base64.b64decode(piece["image_url"]["url"].split(",")[1])


def test_a_small_picture_keeps_its_size(make_picture):
    assert picture_of(show(Picture.data(make_picture().read_bytes()))[0]).shape == (120, 160, 3)


def test_what_is_transparent_is_shown_on_white(tmp_path):
    path = tmp_path / "hole.png"
    Image.fromarray(np.zeros((40, 40, 4), np.uint8)).save(path)
    assert picture_of(show(Picture("0" * 64, path))[0]).min() > 250


def test_media_of_a_store_are_shown_by_their_kind(store, make_picture):
    path = make_picture()
    blob = store.add(path, ".jpg")
    part = shown(Still(digest=blob.digest, bytes=blob.bytes, suffix=".jpg", width=160, height=120), store, longest=64)
    assert part.canonical() == {"picture": blob.digest, "longest": 64}
    assert picture_of(show(part)[0]).shape == (48, 64, 3)
    assert Picture.data(path.read_bytes()).digest == blob.digest
    with pytest.raises(WrongUse, match="Quoted"):
        shown(Text(digest=blob.digest, bytes=1, suffix=".txt"), store)


def test_a_clip_is_shown_as_frames_with_their_times(make_clip):
    path = make_clip(frames=60, fps=30)
    line, *frames = show(Clip("1" * 64, path, frames=4, longest=80))
    assert line["text"] == "A clip of 2.0 s, as 4 frames seen at 0.0, 0.5, 1.0, 1.5 s:"
    seen = [picture_of(frame) for frame in frames]
    assert [one.shape for one in seen] == [(60, 80, 3)] * 4
    white = [int(np.argmax(one[45].sum(1))) for one in seen]
    assert white == sorted(white)
    assert len(set(white)) == 4


def test_a_clip_goes_whole_where_the_server_takes_clips(make_clip):
    path = make_clip(frames=10)
    (piece,) = show(Clip("2" * 64, path), whole_clips=True)
    assert base64.b64decode(piece["video_url"]["url"].removeprefix("data:video/mp4;base64,")) == path.read_bytes()


def test_a_sound_is_sent_as_mono_wav_and_no_longer_than_said(tmp_path):
    path, back = tmp_path / "tone.wav", tmp_path / "back.wav"
    sounds.write_wav(path, 0.5 * np.sin(2 * np.pi * 440 * np.arange(3 * 48_000) / 48_000).astype(np.float32))
    for seconds, expected in ((2, 2), (10, 3)):
        (piece,) = show(Sound("3" * 64, path, seconds=seconds))
        assert piece["input_audio"]["format"] == "wav"
        back.write_bytes(base64.b64decode(piece["input_audio"]["data"]))
        info = sounds.look(back)
        assert (info.seconds, info.rate, info.channels) == (Fraction(expected), 16_000, 1)
        assert abs(float(np.abs(sounds.samples(back)).max()) - 0.5) < 0.02


def test_what_cannot_be_read_is_bad_input():
    with pytest.raises(BadInput):
        show(Picture.data(b"no picture"))
