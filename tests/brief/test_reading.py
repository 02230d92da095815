from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cutroom.brief.reading import Reading, read
from cutroom.errors import NoSpace, WrongUse
from cutroom.media import picture, sound
from cutroom.media.store import Store


def names(reading: Reading) -> list[str]:
    return [asset.name for asset in reading.assets]


def photo(path: Path, taken: str | None = None, offset: str | None = None, *, shade: int = 0) -> Path:
    """A photograph that differs from others by its name and shade."""
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    if taken:
        exif.get_ifd(0x8769)[0x9003] = taken
    if offset:
        exif.get_ifd(0x8769)[0x9011] = offset
    seed = abs(hash((path.name, shade))) % 2**32
    noise = np.random.default_rng(seed).integers(0, 255, (40, 60, 3), np.uint8)
    Image.fromarray(noise).save(path, exif=exif)
    return path


def test_a_folder_of_everything(tmp_path, store, make_clip):
    day = tmp_path / "day"
    photo(day / "IMG_2.jpg")
    photo(day / "IMG_10.png")
    photo(day / "deep" / "a.webp")
    make_clip("day/IMG_3.mp4", frames=5, sound=True)
    sound.write_wav(day / "song.wav", np.zeros(4800, np.float32))
    (day / "notes.md").write_text("# The lake\n\nWe swam.")

    reading = read([day], store)

    assert names(reading) == ["IMG_2.jpg", "IMG_3.mp4", "IMG_10.png", "a.webp", "song.wav", "notes.md"]
    assert [asset.id for asset in reading.assets] == ["a1", "a2", "a3", "a4", "a5", "a6"]
    assert [asset.media.type for asset in reading.assets] == ["image", "video", "image", "image", "audio", "text"]
    assert reading.skipped == ()
    assert all(store.has(asset.media) for asset in reading.assets)
    assert store.path(reading.assets[5].media).read_text() == "# The lake\n\nWe swam."


def test_time_gives_the_order_and_what_has_none_stays_behind_its_neighbour(tmp_path, store):
    paths = [
        photo(tmp_path / "b.jpg", "2024:05:01 12:00:00"),
        photo(tmp_path / "after b.jpg"),
        photo(tmp_path / "c.jpg", "2024:05:01 18:00:00"),
        photo(tmp_path / "a.jpg", "2024:05:01 09:00:00"),
        photo(tmp_path / "after a.jpg"),
    ]

    assert names(read(paths, store)) == ["a.jpg", "after a.jpg", "b.jpg", "after b.jpg", "c.jpg"]


def test_files_without_time_keep_the_order_in_which_they_are_named(tmp_path, store):
    paths = [photo(tmp_path / f"{name}.jpg") for name in ("z", "a", "m")]

    assert names(read(paths, store)) == ["z.jpg", "a.jpg", "m.jpg"]
    assert names(read([tmp_path], store)) == ["a.jpg", "m.jpg", "z.jpg"]


def test_a_clip_in_utc_falls_among_photographs_in_local_time(tmp_path, store, make_clip):
    clip = make_clip("day/noon.mp4", frames=5, metadata={"creation_time": "2024-05-01T12:00:00Z"})
    before = photo(tmp_path / "day/1 at 13.jpg", "2024:05:01 13:00:00", "+02:00")
    after = photo(tmp_path / "day/2 at 15.jpg", "2024:05:01 15:00:00")

    assert names(read([after, clip, before], store)) == ["1 at 13.jpg", "noon.mp4", "2 at 15.jpg"]


def test_what_a_file_is_decides_and_not_its_name(tmp_path, store):
    (tmp_path / "words.jpg").write_text("I am text.")
    photo(tmp_path / "p.jpg").rename(tmp_path / "picture.txt")
    photo(tmp_path / "q.png").rename(tmp_path / "no suffix")

    reading = read([tmp_path], store)

    assert names(reading) == ["no suffix", "picture.txt"]
    assert [asset.media.suffix for asset in reading.assets] == [".png", ".jpg"]
    (skipped,) = reading.skipped
    assert skipped.name == "words.jpg"
    assert skipped.reason == "holds text and no picture, though its name ends in .jpg"
    assert ".txt" in skipped.way_out


def test_bad_files_cost_only_themselves(tmp_path, store, make_clip):
    good = photo(tmp_path / "good.jpg")
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "cut.jpg").write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    (tmp_path / "playlist.mp4").write_text("#EXTM3U\n#EXTINF:9,\n/etc/passwd\n")
    (tmp_path / "noise.mov").write_bytes(os.urandom(3000))
    photo(tmp_path / "x.tiff").rename(tmp_path / "shot.dng")
    (tmp_path / "blank.txt").write_text(" \n\n")
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")

    reading = read([tmp_path], store)

    assert names(reading) == ["good.jpg"]
    why = {skipped.name: skipped.reason for skipped in reading.skipped}
    assert set(why) == {"empty.mp4", "cut.jpg", "playlist.mp4", "noise.mov", "shot.dng", "blank.txt", "gone.jpg"}
    assert "empty" in why["empty.mp4"]
    assert "damaged or incomplete" in why["cut.jpg"]
    assert "holds text and no clip" in why["playlist.mp4"]
    assert "raw" in why["shot.dng"]
    assert all(skipped.way_out for skipped in reading.skipped)


def test_a_picture_beyond_reason_is_skipped_with_a_way_out(tmp_path, store, monkeypatch):
    monkeypatch.setattr(picture, "MOST_PIXELS", 1000)

    (skipped,) = read([photo(tmp_path / "big.png")], store).skipped

    assert "60x40 pixels" in skipped.reason
    assert "6000 pixels" in skipped.way_out


def test_in_folders_what_is_no_material_is_passed_over_in_silence(tmp_path, store):
    photo(tmp_path / "p.jpg")
    for name in (".hidden.jpg", ".git/x.jpg", "old.cutroom/store/y.jpg", "old.cutroom/plan.txt"):
        photo(tmp_path / "tmp.jpg", shade=len(name)).rename(_parent(tmp_path / name))
    for name in ("Thumbs.db", "desktop.ini", "side.json", "LICENCES.md", "README.txt", "code.py"):
        (tmp_path / name).write_text("not for the film")

    reading = read([tmp_path], store)

    assert names(reading) == ["p.jpg"]
    assert reading.skipped == ()


def _parent(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def test_what_is_named_is_read_or_told(tmp_path, store):
    hidden = photo(tmp_path / ".hidden.jpg")
    (tmp_path / "README.md").write_text("Our day.")
    (tmp_path / "data.json").write_text("{}")
    (tmp_path / "old.cutroom").mkdir()

    reading = read([hidden, tmp_path / "README.md", tmp_path / "data.json", tmp_path / "old.cutroom"], store)

    assert names(reading) == [".hidden.jpg", "README.md"]
    assert [(skipped.name, skipped.reason) for skipped in reading.skipped] == [
        ("data.json", "is text of a kind that is not read (.json)"),
        ("old.cutroom", "is a production and no material"),
    ]


def test_the_film_that_is_to_be_written_is_never_read(tmp_path, store, make_clip):
    photo(tmp_path / "day/p.jpg")
    film = make_clip("day/film.mp4", frames=3)

    assert names(read([tmp_path / "day"], store, leave_out=[film])) == ["p.jpg"]


def test_the_same_bytes_are_one_asset(tmp_path, store):
    first = photo(tmp_path / "p.jpg")
    shutil.copy(first, tmp_path / "copy of p.jpg")

    reading = read([first, tmp_path, first], store)

    assert names(reading) == ["p.jpg"]
    assert reading.skipped == ()
    assert "copy of p.jpg" in reading.repeated


def test_links_in_a_circle_end(tmp_path, store):
    photo(tmp_path / "a/p.jpg")
    (tmp_path / "a/again").symlink_to(tmp_path / "a", target_is_directory=True)
    (tmp_path / "a/b").mkdir()
    (tmp_path / "a/b/up").symlink_to(tmp_path, target_is_directory=True)

    assert names(read([tmp_path / "a"], store)) == ["p.jpg"]


def test_a_path_that_is_not_there_is_wrong_use(tmp_path, store):
    with pytest.raises(WrongUse, match=r"holiday\.jpg: there is no such file or folder"):
        read([tmp_path / "holiday.jpg"], store)


def test_nothing_usable_is_an_empty_reading(tmp_path, store):
    (tmp_path / "empty").mkdir()

    assert read([tmp_path / "empty"], store) == Reading((), ())
    assert read([], store) == Reading((), ())


def test_no_space_is_not_swallowed(tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise NoSpace("the disk is full")

    monkeypatch.setattr(Store, "add", full)
    with pytest.raises(NoSpace):
        read([photo(tmp_path / "p.jpg")], Store(tmp_path / "s"))


@pytest.mark.parametrize(
    "name",
    [
        'it\'s "us".jpg',
        "🎬 عطلة.jpg",
        "-rf.jpg",
        "two\nlines.jpg",
        "$(touch x);`y`.jpg",
        "%s%d {0}.jpg",
        "a" * 200 + ".jpg",
    ],
)
def test_any_name_will_do(tmp_path, store, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    photo(tmp_path / name)

    for paths in ([tmp_path], [Path(name)]):
        (asset,) = read(paths, store).assets
        assert asset.name == name.replace("\n", "\N{REPLACEMENT CHARACTER}")
    assert asset.model_dump_json()


def test_a_name_that_is_no_utf8_can_be_stored(tmp_path, store):
    photo(tmp_path / "p.jpg").rename(tmp_path / os.fsdecode(b"caf\xe9.jpg"))

    (asset,) = read([tmp_path], store).assets

    assert asset.name == "caf\N{REPLACEMENT CHARACTER}.jpg"
    assert "caf" in asset.model_dump_json()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_text_in_any_usual_encoding(tmp_path, store, encoding):
    (tmp_path / "notes.txt").write_bytes("Wir fuhren früh\r\nüber den See – schön!\r\n".encode(encoding))

    (asset,) = read([tmp_path], store).assets

    assert store.path(asset.media).read_text("utf-8") == "Wir fuhren früh\nüber den See – schön!\n"


def test_text_in_an_encoding_that_cannot_be_told_is_not_guessed(tmp_path, store):
    (tmp_path / "notes.txt").write_bytes("Мы поехали на озеро рано утром".encode("koi8-r"))

    (skipped,) = read([tmp_path], store).skipped

    assert "encoding" in skipped.reason
    assert "UTF-8" in skipped.way_out


def test_huge_text_is_refused(tmp_path, store):
    (tmp_path / "book.txt").write_text("A long book. " * 100_000)

    (skipped,) = read([tmp_path], store).skipped

    assert "1.3 MB of text" in skipped.reason
    assert "keep the part" in skipped.way_out


def test_subtitles_are_read_as_their_words(tmp_path, store):
    (tmp_path / "talk.srt").write_text(
        "1\n00:00:01,000 --> 00:00:02,500\n<i>We left</i> early,\nall five of us.\n\n"
        "2\n00:00:03,000 --> 00:00:04,000\n{\\an8}1984 was the year.\n\n3\n00:00:05,000 --> 00:00:06,000\n\n"
    )

    (asset,) = read([tmp_path], store).assets

    assert asset.name == "talk.srt"
    assert store.path(asset.media).read_text() == "We left early, all five of us.\n1984 was the year."


def test_an_animated_gif_is_a_clip_and_a_still_one_a_picture(tmp_path, store):
    one, other = Image.new("RGB", (20, 20), "red"), Image.new("RGB", (20, 20), "blue")
    one.save(tmp_path / "moving.gif", save_all=True, append_images=[other], duration=400)
    one.save(tmp_path / "still.gif")

    assert [(a.media.type, a.media.suffix) for a in read([tmp_path], store).assets] == [
        ("video", ".gif"),
        ("image", ".gif"),
    ]


def test_progress_counts_files(tmp_path, store):
    paths = [photo(tmp_path / f"{number}.jpg") for number in range(3)]
    told: list[tuple[int, int]] = []

    read(paths, store, progress=lambda done, total: told.append((done, total)))

    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_the_sample_day_is_whole(store):
    day = Path(__file__).parents[2] / "examples" / "day"

    reading = read([day], store)

    kinds = [asset.media.type for asset in reading.assets]
    assert reading.skipped == ()
    assert kinds == ["image", "video", *["image"] * 7, "text"]
    assert sum(file.stat().st_size for file in day.iterdir()) < 3_000_000
    listed = (day.parent / "LICENCES.md").read_text()
    assert all(f"`{file.name}`" in listed for file in day.iterdir())
