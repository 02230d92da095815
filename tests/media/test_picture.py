from __future__ import annotations

import struct
import zlib
from datetime import datetime, timedelta, timezone

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from cutroom.errors import BadInput, TooLarge
from cutroom.media import picture


def corner_of(pixels: np.ndarray) -> str:
    at = {
        "top left": pixels[4, 4],
        "top right": pixels[4, -5],
        "bottom left": pixels[-5, 4],
        "bottom right": pixels[-5, -5],
    }
    return max(at, key=lambda name: int(at[name][0]) - int(at[name][2]))


def save_heif(image: Image.Image, path, **options):
    pillow_heif.from_pillow(image).save(path, **options)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".gif", ".avif", ".tiff", ".bmp", ".heic"])
def test_every_format_is_read_and_told_by_content(tmp_path, make_picture, suffix):
    path = tmp_path / f"p{suffix}"
    if suffix == ".heic":
        save_heif(Image.open(make_picture("p.png")), path)
    else:
        make_picture(f"p{suffix}")
    named_wrongly = path.rename(tmp_path / "holiday.txt")

    info = picture.look(named_wrongly)
    pixels = picture.open_picture(named_wrongly)

    assert (info.width, info.height, info.alpha, info.suffix, info.frames) == (160, 120, False, suffix, 1)
    assert pixels.shape == (120, 160, 3)
    assert pixels.dtype == np.uint8
    assert np.abs(pixels[4, 4].astype(int) - (250, 230, 20)).max() < 12


@pytest.mark.parametrize(
    ("orientation", "place", "turned"),
    [
        (1, "top left", False),
        (2, "top right", False),
        (3, "bottom right", False),
        (4, "bottom left", False),
        (5, "top left", True),
        (6, "top right", True),
        (7, "bottom right", True),
        (8, "bottom left", True),
    ],
)
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".avif", ".tiff", ".heic"])
def test_orientation_makes_the_picture_upright(tmp_path, make_picture, suffix, orientation, place, turned):
    exif = Image.Exif()
    exif[0x0112] = orientation
    if suffix == ".heic":
        path = tmp_path / "p.heic"
        save_heif(Image.open(make_picture("p.png")), path, exif=exif.tobytes())
    elif suffix == ".tiff":
        path = make_picture("p.tiff", tiffinfo={0x0112: orientation})
    else:
        path = make_picture(f"p{suffix}", exif=exif)

    info = picture.look(path)
    pixels = picture.open_picture(path)

    assert (info.width, info.height) == ((120, 160) if turned else (160, 120))
    assert pixels.shape[:2] == (info.height, info.width)
    assert corner_of(pixels) == place


def test_metadata_says_when_where_and_with_what(make_picture):
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Apple\0", "iPhone 15\x1b[31m"
    inner = exif.get_ifd(0x8769)
    inner[0x9003], inner[0x9011], inner[0x9291] = "2024:05:01 10:11:12", "+02:00", "25"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "S", (33.0, 51.0, 24.0), "E", (151.0, 12.0, 36.0)

    info = picture.look(make_picture(exif=exif))

    assert info.taken == datetime(2024, 5, 1, 10, 11, 12, 250_000, timezone(timedelta(hours=2)))
    assert info.place == pytest.approx((-33.856667, 151.21))
    assert info.camera == "Apple iPhone 15[31m"


def test_the_offset_comes_from_the_position_when_the_camera_does_not_write_it(make_picture):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2024:05:01 23:11:12"
    exif.get_ifd(0x8825)[7] = (5.0, 41.0, 0.0)
    exif.get_ifd(0x8825)[29] = "2024:05:01"

    taken = picture.look(make_picture(exif=exif)).taken

    assert taken is not None
    assert taken.hour == 23
    assert taken.utcoffset() is None  # 17.5 hours is no offset

    exif.get_ifd(0x8825)[7] = (17.0, 41.0, 0.0)
    taken = picture.look(make_picture(exif=exif)).taken
    assert taken is not None
    assert taken.utcoffset() == timedelta(hours=5, minutes=30)


@pytest.mark.parametrize("exif", [b"Exif\0\0II*\0\x08\0\0\0\xff\xff", b"Exif\0\0nonsense"])
def test_damaged_metadata_does_not_cost_the_picture(make_picture, exif):
    path = make_picture(exif=exif)

    assert picture.look(path).taken is None
    assert picture.open_picture(path).shape == (120, 160, 3)


def test_impossible_dates_and_places_are_no_facts(make_picture):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "0000:00:00 00:00:00"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "N", (0.0, 0.0, 0.0), "E", (0.0, 0.0, 0.0)

    info = picture.look(make_picture(exif=exif))

    assert (info.taken, info.place, info.camera) == (None, None, None)


def test_alpha_is_kept_and_palettes_are_opened(tmp_path):
    pixels = np.zeros((40, 60, 4), np.uint8)
    pixels[:, :30] = (200, 30, 30, 255)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    Image.fromarray(pixels).quantize(8).save(tmp_path / "p.png")
    Image.new("1", (60, 40), 1).save(tmp_path / "one.png")

    for name in ("a.png", "p.png"):
        assert picture.look(tmp_path / name).alpha
        seen = picture.open_picture(tmp_path / name)
        assert seen.shape == (40, 60, 4)
        assert seen[20, 10].tolist() == [200, 30, 30, 255]
        assert seen[20, 50, 3] == 0
    assert picture.open_picture(tmp_path / "one.png")[5, 5].tolist() == [255, 255, 255]


def test_sixteen_bit_grey_keeps_its_tones(tmp_path):
    ramp = np.linspace(0, 65_535, 256).astype(np.uint16)[None, :].repeat(8, 0)
    Image.fromarray(ramp).save(tmp_path / "deep.png")

    seen = picture.open_picture(tmp_path / "deep.png")

    assert seen.shape == (8, 256, 3)
    assert np.abs(seen[0, :, 0].astype(int) - np.arange(256)).max() <= 1


def test_colours_are_seen_through_the_profile(tmp_path):
    # A profile whose primaries are sRGB's with red and blue exchanged cannot be made by hand here; Lab can: it must be
    # recognised as no profile for RGB and be passed over. An XYZ-like wide profile comes with HEIC from phones.
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    Image.new("RGB", (8, 8), (200, 100, 50)).save(tmp_path / "lab.jpg", icc_profile=lab, quality=100, subsampling=0)
    Image.new("RGB", (8, 8), (200, 100, 50)).save(
        tmp_path / "bad.jpg", icc_profile=b"nonsense", quality=100, subsampling=0
    )
    wide = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # Scale the red primary's XYZ: the same numbers now mean a deeper red.
    at = wide.index(b"rXYZ") + 4
    offset = struct.unpack(">I", wide[at : at + 4])[0] + 8
    patched = bytearray(wide.replace(b"s\0R\0G\0B", b"w\0i\0d\0e").replace(b"\0s\0R\0G\0B", b"\0w\0i\0d\0e"))
    red = [value * 5 // 4 for value in struct.unpack(">3i", wide[offset : offset + 12])]
    patched[offset : offset + 12] = struct.pack(">3i", *red)
    Image.new("RGB", (8, 8), (120, 100, 50)).save(tmp_path / "wide.png", icc_profile=bytes(patched))

    for name in ("lab.jpg", "bad.jpg"):
        assert np.abs(picture.open_picture(tmp_path / name)[4, 4].astype(int) - (200, 100, 50)).max() <= 2
    assert picture.open_picture(tmp_path / "wide.png")[4, 4, 0] > 125


def test_cmyk_becomes_rgb(tmp_path):
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "print.jpg", quality=95)

    seen = picture.open_picture(tmp_path / "print.jpg")[8, 8]

    assert seen[0] > 200
    assert max(seen[1], seen[2]) < 60


def test_scaled_down_to_the_longer_side_and_never_up(make_picture):
    path = make_picture("p.jpg", 900, 600)

    assert picture.open_picture(path, max_side=300).shape == (200, 300, 3)
    assert picture.open_picture(path, max_side=5000).shape == (600, 900, 3)


def test_a_real_108_megapixel_photograph_is_opened_scaled(tmp_path):
    path = tmp_path / "huge.jpg"
    Image.linear_gradient("L").resize((12_000, 9000)).save(path, quality=60)

    assert picture.look(path).width == 12_000
    seen = picture.open_picture(path)
    assert seen.shape == (4500, 6000, 3)
    assert seen[0, 0, 0] < 5
    assert seen[-1, 0, 0] > 250


def bomb(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def test_a_decompression_bomb_is_refused_by_its_header(tmp_path):
    path = tmp_path / "bomb.png"
    path.write_bytes(bomb(30_000, 30_000))

    for read in (picture.look, picture.open_picture):
        with pytest.raises(TooLarge, match=r"bomb\.png: has 30000x30000 pixels .*save a copy"):
            read(path)


def test_what_is_no_picture_says_so(tmp_path):
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "words.jpg").write_text("not a picture")
    (tmp_path / "script.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")

    for name, why in (
        ("empty.jpg", "is empty"),
        ("words.jpg", "is not a picture"),
        ("script.jpg", "is not a picture"),
        ("gone.jpg", "is not there"),
    ):
        with pytest.raises(BadInput, match=f"{name}: {why}"):
            picture.look(tmp_path / name)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".gif", ".tiff", ".heic", ".avif"])
def test_a_picture_that_was_cut_short_is_refused(tmp_path, suffix):
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (200, 200, 3), np.uint8))
    path = tmp_path / f"cut{suffix}"
    if suffix == ".heic":
        save_heif(noise, path)
    else:
        noise.save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])

    with pytest.raises(BadInput, match=rf"cut\{suffix}: is a damaged or incomplete picture"):
        picture.open_picture(path)


def test_an_animated_gif_says_how_many_pictures_it_holds(tmp_path):
    first, second = Image.new("RGB", (20, 20), "red"), Image.new("RGB", (20, 20), "blue")
    first.save(tmp_path / "two.gif", save_all=True, append_images=[second], duration=100)

    assert picture.look(tmp_path / "two.gif").frames == 2
    assert picture.open_picture(tmp_path / "two.gif")[10, 10].tolist() == [255, 0, 0]
