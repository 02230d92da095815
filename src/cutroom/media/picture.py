"""Reading pictures: what a file holds, and its pixels upright and in sRGB.

Only the formats listed here are tried, by content and never by name, so that no file can reach a decoder that runs
other programs (PostScript) or opens other files. The size is checked from the header before anything is decoded.
"""

from __future__ import annotations

import io
import struct
import threading
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    ExifTags,
    GifImagePlugin,
    Image,
    ImageCms,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from pillow_heif.as_plugin import HeifImageFile

from cutroom.errors import BadInput, TooLarge

LONGEST = 6000
"""No picture is opened with more pixels than this on its longer side: an 8K frame with room to zoom."""

MOST_PIXELS = 180_000_000
"""A picture whose header announces more pixels is not decoded."""

MOST_PIXELS_JPEG = 250_000_000
"""A JPEG may have more, because it is decoded scaled down."""

_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    EOFError,
    OverflowError,
    ZeroDivisionError,
    AttributeError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
    UserWarning,
)
"""What the decoders raise on damaged bytes; a warning counts where it was made an error."""

_Opener = Callable[[BinaryIO, str], ImageFile.ImageFile]

_OPENERS: dict[str, _Opener] = {
    ".jpg": JpegImagePlugin.JpegImageFile,
    ".png": PngImagePlugin.PngImageFile,
    ".webp": WebPImagePlugin.WebPImageFile,
    ".heic": HeifImageFile,
    ".avif": AvifImagePlugin.AvifImageFile,
    ".gif": GifImagePlugin.GifImageFile,
    ".tiff": TiffImagePlugin.TiffImageFile,
    ".bmp": BmpImagePlugin.BmpImageFile,
}

_MAGIC = (
    (b"\xff\xd8\xff", ".jpg"),
    (b"\x89PNG\r\n\x1a\n", ".png"),
    (b"GIF87a", ".gif"),
    (b"GIF89a", ".gif"),
    (b"II*\0", ".tiff"),
    (b"MM\0*", ".tiff"),
    (b"II+\0", ".tiff"),
    (b"MM\0+", ".tiff"),
)

_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"mif2", b"msf1"}
_AVIF_BRANDS = {b"avif", b"avis"}


@dataclass(frozen=True)
class PictureInfo:
    """What a picture file holds."""

    width: int
    height: int
    """In pixels, as seen upright."""
    alpha: bool
    """True when some pixel may be transparent."""
    suffix: str
    """What the bytes are, e.g. ``.jpg``."""
    taken: datetime | None
    """When it was taken: local time, with its offset when the file says it."""
    place: tuple[float, float] | None
    """Latitude and longitude in degrees."""
    camera: str | None
    """Make and model."""
    frames: int = 1
    """How many pictures a GIF holds; 1 for all other formats, whose first picture is used."""


def sniff(head: bytes) -> str | None:
    """The suffix of the picture format that a file's first 64 bytes announce, or None when they announce none."""
    for magic, suffix in _MAGIC:
        if head.startswith(magic):
            return suffix
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return ".webp"
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":
        return ".bmp"
    if head[4:8] == b"ftyp":
        size = int.from_bytes(head[:4], "big")
        brands = {head[at : at + 4] for at in (8, *range(16, min(size, len(head)), 4))}
        if brands & _AVIF_BRANDS:
            return ".avif"
        # A clip may name mif1 among the brands that it is compatible with, but not as its own.
        return ".heic" if head[8:12] in _HEIF_BRANDS else None
    return None


def look(path: Path) -> PictureInfo:
    """What the file at `path` holds, from its header and metadata; pixels are not decoded.

    Raises BadInput when it is no picture or damaged, TooLarge when it has too many pixels.
    """
    with _opened(path) as (image, suffix):
        exif = _exif(image)
        width, height = image.size
        if _orientation(exif, suffix) in (5, 6, 7, 8):
            width, height = height, width
        return PictureInfo(
            width=width,
            height=height,
            alpha=_has_alpha(image),
            suffix=suffix,
            taken=_taken(exif),
            place=_place(exif),
            camera=_camera(exif),
            frames=int(getattr(image, "n_frames", 1)) if suffix == ".gif" else 1,
        )


def open_picture(path: Path, *, max_side: int | None = None) -> np.ndarray:
    """The picture at `path` as seen: upright, in sRGB, uint8.

    Returns an array of shape (height, width, 3), or (height, width, 4) with straight alpha when `look` says alpha.
    The longer side is at most `max_side` and never above `LONGEST`; smaller pictures keep their size.

    Raises BadInput when it is no picture, damaged or cut short; TooLarge when it has too many pixels.
    """
    with _opened(path) as (image, suffix):
        longest = min(max_side or LONGEST, LONGEST)
        alpha = _has_alpha(image)
        orientation = _orientation(_exif(image), suffix)
        profile = image.info.get("icc_profile")
        seen = _plain(_scaled(_decoded(image, longest), longest), profile, alpha=alpha)
        return np.ascontiguousarray(_upright(seen, orientation))


@contextmanager
def _opened(path: Path) -> Iterator[tuple[ImageFile.ImageFile, str]]:
    """The picture with its header read, and its suffix; decoder errors within become BadInput."""
    try:
        with path.open("rb") as file:
            suffix = sniff(file.read(64))
            if suffix is None:
                raise BadInput(path, _why_none(path), "hand over a JPEG, PNG, WebP, HEIC, GIF, AVIF, TIFF or BMP")
            file.seek(0)
            # Called directly and not through Image.open, whose limit on pixels is one global for the whole process.
            with _unwarned():
                opened = _OPENERS[suffix](file, "")
            with opened as image:
                _check_size(path, image.size, suffix)
                yield image, suffix
    except (BadInput, GeneratorExit):
        raise
    except Image.DecompressionBombError as error:
        raise TooLarge(path, "has too many pixels to open safely", "save a smaller copy and hand that over") from error
    except PermissionError as error:
        raise BadInput(path, "may not be read (permission denied)", "give yourself the right to read it") from error
    except FileNotFoundError as error:
        raise BadInput(path, "is not there", "check the path") from error
    except _BROKEN as error:
        raise BadInput(
            path,
            f"is a damaged or incomplete picture ({_said(error)})",
            "open it in a viewer and save it anew, or leave it out",
        ) from error


_warnings_lock = threading.Lock()


@contextmanager
def _unwarned() -> Iterator[None]:
    """Keeps quiet about damaged metadata: it costs only itself."""
    # Filters are global, hence the lock.
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def _said(error: BaseException) -> str:
    """What a decoder said, short enough for one line."""
    return (" ".join(str(error).split()) or type(error).__name__)[:120]


def _why_none(path: Path) -> str:
    return "is empty (0 bytes)" if path.stat().st_size == 0 else "is not a picture of a kind that Cutroom reads"


def _check_size(path: Path, size: tuple[int, int], suffix: str) -> None:
    width, height = size
    most = MOST_PIXELS_JPEG if suffix == ".jpg" else MOST_PIXELS
    if width < 1 or height < 1:
        raise BadInput(path, f"announces a size of {width}x{height}", "save it anew, or leave it out")
    if width * height > most:
        raise TooLarge(
            path,
            f"has {width}x{height} pixels ({width * height // 1_000_000} megapixels; the most is {most // 1_000_000})",
            f"save a copy of at most {LONGEST} pixels on its longer side",
        )


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info


def _decoded(image: ImageFile.ImageFile, longest: int) -> Image.Image:
    """`image` with its pixels decoded; a JPEG already scaled while decoding, to no less than what is wanted."""
    factor = longest / max(image.size)
    if isinstance(image, JpegImagePlugin.JpegImageFile) and factor < 1:
        # Twice what is wanted: the rest is scaled by a better filter than that of the decoder.
        factor = min(2 * factor, max(factor, LONGEST / max(image.size)), 1)
        image.draft("", (max(1, int(image.width * factor)), max(1, int(image.height * factor))))
    image.load()
    return _eight_bits(image)


def _eight_bits(image: Image.Image) -> Image.Image:
    """`image` in a mode of 8 bits a channel that can be scaled: palettes opened up, deep greys brought down."""
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8))
    if image.mode in ("I", "F"):
        values = np.nan_to_num(np.asarray(image, dtype=np.float64))
        # The container does not say the range: 0..1 when all fits, else 8 bits, else 16 bits.
        top = next((top for top in (1.0, 255.0) if image.mode == "F" and values.max(initial=0) <= top), 65_535.0)
        return Image.fromarray(np.clip(values * (255 / top), 0, 255).round().astype(np.uint8))
    if image.mode in ("P", "PA", "1") or "transparency" in image.info:
        return image.convert("RGBA" if _has_alpha(image) else "RGB")
    return image


def _scaled(image: Image.Image, longest: int) -> Image.Image:
    factor = longest / max(image.size)
    if factor >= 1:
        return image
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _plain(image: Image.Image, profile: bytes | None, *, alpha: bool) -> Image.Image:
    """`image` as RGB or RGBA in sRGB. A profile that cannot be read is passed over: sRGB is the best guess left."""
    opacity = image.convert("RGBA").getchannel("A") if alpha else None
    if image.mode in ("RGBA", "LA"):
        image = image.convert(image.mode[:-1])
    if profile:
        image = _through_profile(image, profile)
    # Converting to what it is already would be a copy.
    image = image if image.mode == "RGB" else image.convert("RGB")
    if opacity is not None:
        image.putalpha(opacity)
    return image


_SPACES = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK", "LAB": "Lab"}


def _through_profile(image: Image.Image, profile: bytes) -> Image.Image:
    """`image` in sRGB, seen through the ICC `profile` that it carries."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        says: Any = source.profile
        if says.xcolor_space.strip() != _SPACES.get(image.mode):
            return image
        if image.mode == "RGB" and (says.profile_description or "").startswith("sRGB"):
            return image
        changed = ImageCms.profileToProfile(
            image,
            source,
            ImageCms.createProfile("sRGB"),
            outputMode="RGB",
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image
    return changed or image


def _orientation(exif: Image.Exif, suffix: str) -> int:
    """The EXIF orientation, 1 to 8, that is still to be applied; anything else in the file means upright."""
    if suffix in (".heic", ".tiff"):
        return 1  # Their decoders turn them.
    value = exif.get(ExifTags.Base.Orientation, 1)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    """`image` turned and mirrored as the EXIF orientation asks."""
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    turn = turns.get(orientation)
    return image if turn is None else image.transpose(turn)


def _exif(image: Image.Image) -> Image.Exif:
    """The picture's EXIF; empty when there is none or it is damaged (a picture is not lost for its metadata)."""
    try:
        with _unwarned():
            exif = image.getexif()
            exif.get_ifd(ExifTags.IFD.Exif)
            exif.get_ifd(ExifTags.IFD.GPSInfo)
    except _BROKEN:
        return Image.Exif()
    return exif


def _text(value: object) -> str:
    """A metadata value as one short printable line."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    line = "".join(char for char in str(value or "") if char.isprintable())
    return " ".join(line.split())[:80]


def _taken(exif: Image.Exif) -> datetime | None:
    """When the picture was taken, else digitised, else last changed (EXIF 2.32, tags 0x9003, 0x9004, 0x0132)."""
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    candidates = (
        (
            inner.get(ExifTags.Base.DateTimeOriginal),
            inner.get(ExifTags.Base.OffsetTimeOriginal),
            inner.get(ExifTags.Base.SubsecTimeOriginal),
        ),
        (inner.get(ExifTags.Base.DateTimeDigitized), inner.get(ExifTags.Base.OffsetTimeDigitized), None),
        (exif.get(ExifTags.Base.DateTime), inner.get(ExifTags.Base.OffsetTime), None),
    )
    for stamp, offset, part in candidates:
        moment = _moment(_text(stamp), _text(offset), _text(part))
        if moment is not None:
            return moment if moment.tzinfo else _with_offset(moment, exif)
    return None


def _with_offset(moment: datetime, exif: Image.Exif) -> datetime:
    """`moment` (local) with its offset, when the position's own time stamp, which is UTC, tells it."""
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    try:
        hours, minutes, seconds = (int(float(part)) for part in gps.get(ExifTags.GPS.GPSTimeStamp) or ())
        day = datetime.strptime(_text(gps.get(ExifTags.GPS.GPSDateStamp)), "%Y:%m:%d")  # noqa: DTZ007 - UTC by definition
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return moment
    away = moment - (day + timedelta(hours=hours, minutes=minutes, seconds=seconds))
    # Offsets are whole quarters of an hour; a position can be some minutes old.
    quarters = round(away / timedelta(minutes=15))
    if abs(quarters) > 56 or abs(away - quarters * timedelta(minutes=15)) > timedelta(minutes=5):
        return moment
    return moment.replace(tzinfo=timezone(quarters * timedelta(minutes=15)))


def _moment(stamp: str, offset: str, part: str) -> datetime | None:
    try:
        moment = datetime.strptime(stamp[:19].replace("-", ":"), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - EXIF is local time
    except ValueError:
        return None
    if part.isdecimal() and part.isascii():
        moment = moment.replace(microsecond=int(part[:6].ljust(6, "0")))
    try:
        sign = {"+": 1, "-": -1}[offset[0]]
        away = timedelta(hours=int(offset[1:3]), minutes=int(offset[4:6]))
        return moment.replace(tzinfo=timezone(sign * away))
    except (ValueError, IndexError, KeyError):
        return moment


def _place(exif: Image.Exif) -> tuple[float, float] | None:
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    latitude = _degrees(gps.get(ExifTags.GPS.GPSLatitude), gps.get(ExifTags.GPS.GPSLatitudeRef), "S")
    longitude = _degrees(gps.get(ExifTags.GPS.GPSLongitude), gps.get(ExifTags.GPS.GPSLongitudeRef), "W")
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None
    # Cameras without a fix write zeros; nobody's photographs come from that point of the Atlantic.
    return None if latitude == longitude == 0 else (latitude, longitude)


def _degrees(parts: object, side: object, negative: str) -> float | None:
    """Degrees from EXIF's degrees, minutes and seconds, to a millionth."""
    try:
        degrees, minutes, seconds = (Fraction(float(part)) for part in parts)  # type: ignore[attr-defined]
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    value = round(float(degrees + minutes / 60 + seconds / 3600), 6)
    return -value if _text(side).upper().startswith(negative) else value


def _camera(exif: Image.Exif) -> str | None:
    make, model = _text(exif.get(ExifTags.Base.Make)), _text(exif.get(ExifTags.Base.Model))
    named = model if model.lower().startswith(make.lower()) else f"{make} {model}".strip()
    return named or None
