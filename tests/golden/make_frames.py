"""Makes the golden frames of the picture: ``python tests/golden/make_frames.py [SHEET…]``. Look at every sheet that it changes.

A sheet holds twenty frames of one feature, five a row, each composed as for a film of 224x126 (or narrower) from the
photographs and the clip in ``examples/day`` and from material that is made here. Sheets are JPEG: small, and near enough.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from PIL import Image as Pictures

from cutroom.media import clip as clips
from cutroom.media.kinds import Image, Text, Video, Word
from cutroom.media.store import Store
from cutroom.render.captions import Lettering
from cutroom.render.picture import Compositor
from cutroom.time import Span
from cutroom.timeline.timeline import (
    Box,
    Caption,
    CaptionStyle,
    Clip,
    Format,
    Gap,
    Grade,
    Inset,
    Lut,
    Move,
    Progress,
    Timeline,
    Title,
    Transition,
)

FOLDER = Path(__file__).parent / "frames"
DAY = Path(__file__).parents[2] / "examples" / "day"
WIDTH, HEIGHT, COLUMNS, ROWS = 224, 126, 5, 4
WIDE, TALL, SQUARE = Format(width=WIDTH, height=HEIGHT), Format(width=70, height=HEIGHT), Format(width=126, height=126)
PHOTOGRAPHS = ("01-coffee", "04-dahlia", "05-pavilion", "06-raccoon", "07-astronaut")
WHITE = 203.0
"""Of light in a photograph, in cd/m², when it is made a clip of high dynamic range (ITU-R BT.2408)."""


@dataclass(frozen=True)
class Cell:
    """One golden frame and what is seen in it."""

    name: str
    pixels: np.ndarray


class Material:
    """What the frames are made of, in a store of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store(folder / "store")

    def photograph(self, name: str) -> Image:
        """One of the sample day's, by the beginning of its name."""
        return self._image(next(DAY.glob(f"{name}*.jpg")))

    def drawn(self, pixels: np.ndarray) -> Image:
        """Pixels (h, w, 3 or 4) as a picture."""
        path = self.folder / "drawn.png"
        Pictures.fromarray(pixels).save(path)
        return self._image(path)

    def _image(self, path: Path) -> Image:
        with Pictures.open(path) as opened:
            (width, height), alpha = opened.size, opened.mode == "RGBA"
        blob = self.store.add(path, path.suffix)
        return Image(digest=blob.digest, suffix=path.suffix, bytes=blob.bytes, width=width, height=height, alpha=alpha)

    def video(self, path: Path) -> Video:
        """A clip."""
        info, blob = clips.look(path), self.store.add(path, path.suffix)
        return Video(
            digest=blob.digest,
            suffix=path.suffix,
            bytes=blob.bytes,
            seconds=info.seconds,
            width=info.width,
            height=info.height,
            fps=info.fps,
            constant_rate=info.constant_rate,
            sound=info.sound,
        )

    @cached_property
    def rabbit(self) -> Video:
        """The sample day's clip: 5.3 s, 1280x720."""
        return self.video(next(DAY.glob("*.mp4")))

    @cached_property
    def portrait(self) -> Image:
        """An upright part of a photograph."""
        with Pictures.open(next(DAY.glob("05*.jpg"))) as opened:
            return self.drawn(np.asarray(opened.convert("RGB"))[:, 150:420])

    def seen(self, timeline: Timeline, *at: str | Fraction) -> Iterator[np.ndarray]:
        """What is seen at times (seconds), as cells (126, 224, 3); narrower frames stand between grey."""
        lettering = Lettering(timeline) if timeline.titles or timeline.captions else None
        with Compositor(timeline, self.store, lettering) as compositor:
            for moment in at:
                yield framed(compositor.rgb(timeline.format.rate.frames(Fraction(moment))))
            assert compositor.degraded == ()


def framed(pixels: np.ndarray) -> np.ndarray:
    """A frame in the middle of a cell."""
    cell = np.full((HEIGHT, WIDTH, 3), 96, np.uint8)
    left = (WIDTH - pixels.shape[1]) // 2
    cell[:, left : left + pixels.shape[1]] = pixels
    return cell


def still(material: Material, media: Image | Video, form: Format = WIDE, **clip: Any) -> np.ndarray:
    """The frame after half a second of one shot that is seen by itself."""
    if isinstance(media, Video):
        clip["source"] = Span(length=Fraction(1))
    timeline = Timeline(format=form, picture=(Clip(media=media, seconds=Fraction(1), **clip),))
    return next(material.seen(timeline, "1/2"))


def box(x: float, y: float, width: float, height: float) -> Box:
    return Box(x=x, y=y, width=width, height=height)


MOVES = {
    "pan right": ("05", Move(start=box(0, 0.2, 0.6, 0.5), end=box(0.4, 0.2, 0.6, 0.5))),
    "push in": ("06", Move(start=box(0, 0, 1, 0.75), end=box(0.35, 0.1, 0.4, 0.3))),
    "pull out, even": ("07", Move(start=box(0.3, 0.05, 0.35, 0.2), end=box(0, 0.1, 1, 0.56), ease="linear")),
    "tilt down in a tall frame": ("04", Move(start=box(0.3, 0, 0.3, 0.8), end=box(0.3, 0.2, 0.3, 0.8))),
}


def moves(material: Material) -> Iterator[Cell]:
    for name, (photograph, move) in MOVES.items():
        clip = Clip(media=material.photograph(photograph), seconds=Fraction(4), move=move)
        timeline = Timeline(format=TALL if "tall" in name else WIDE, picture=(clip,))
        times = ("0", "1", "2", "3", "119/30")
        for at, pixels in zip(times, material.seen(timeline, *times), strict=True):
            yield Cell(f"{name} at {at} s", pixels)


def crossed(material: Material, transition: Transition, *at: str) -> Iterator[np.ndarray]:
    """A photograph gives way to the clip around second 2."""
    shots = (
        Clip(media=material.photograph("01"), seconds=Fraction(2)),
        transition,
        Clip(media=material.rabbit, seconds=Fraction(2), source=Span(start=Fraction(2), length=Fraction(2))),
    )
    return material.seen(Timeline(format=WIDE, picture=shots), *at)


def transitions(material: Material) -> Iterator[Cell]:
    times = ("31/20", "7/4", "2", "9/4", "73/30")
    for kind in ("dissolve", "dip", "wipe", "push"):
        transition = Transition.model_validate({"kind": kind, "seconds": "1"})
        for at, pixels in zip(times, crossed(material, transition, *times), strict=True):
            yield Cell(f"{kind} at {at} s", pixels)


def directions(material: Material) -> Iterator[Cell]:
    turns = [(kind, angle) for kind in ("wipe", "push") for angle in (45, 90, 180, 270, 315)]
    for kind, angle in turns:
        transition = Transition.model_validate({"kind": kind, "seconds": "1", "angle": angle})
        for at, pixels in zip(("7/4", "13/6"), crossed(material, transition, "7/4", "13/6"), strict=True):
            yield Cell(f"{kind} towards {angle}° at {at} s", pixels)


def fills(material: Material) -> Iterator[Cell]:
    panorama = Box(x=0, y=0.35, width=1, height=0.25)
    sources = {
        "upright": (material.portrait, None),
        "square": (material.photograph("07"), None),
        "very wide": (material.photograph("05"), Move(start=panorama, end=panorama)),
        "tiny": (material.drawn(cv2.resize(np.asarray(Pictures.open(DAY / "03-cat.jpg")), (31, 47))), None),
    }
    for fit in ("cover", "blur", "contain"):
        for name, (media, move) in sources.items():
            yield Cell(f"{name}, {fit}", still(material, media, fit=fit, move=move))
    for shape, form in (("tall frame", TALL), ("square frame", SQUARE)):
        for fit in ("cover", "blur", "contain"):
            yield Cell(f"wide in a {shape}, {fit}", still(material, material.photograph("06"), form, fit=fit))
    for fit in ("blur", "contain"):
        yield Cell(f"clip in a tall frame, {fit}", still(material, material.rabbit, TALL, fit=fit))


def grades(material: Material) -> Iterator[Cell]:
    rows: tuple[tuple[str, str, tuple[float, ...]], ...] = (
        ("exposure", "05", (-1.5, -0.5, 0.0, 0.5, 1.5)),
        ("warmth", "06", (-1.0, -0.4, 0.0, 0.4, 1.0)),
        ("saturation", "04", (0.0, 0.5, 1.0, 1.5, 2.0)),
    )
    for what, photograph, amounts in rows:
        for amount in amounts:
            grade = Grade(**{what: amount})
            yield Cell(f"{what} {amount}", still(material, material.photograph(photograph), grade=grade))
    for exposure, warmth, saturation in ((0, 0, 1), (0.7, 0.3, 1.2), (-0.7, -0.3, 0.8), (0.3, 1, 0), (-1, 0.5, 1.6)):
        grade = Grade(exposure=exposure, warmth=warmth, saturation=saturation)
        yield Cell(f"clip, {exposure} {warmth} {saturation}", still(material, material.rabbit, grade=grade))


def speeds(material: Material) -> Iterator[Cell]:
    times = ("0", "1/4", "1/2", "3/4", "29/30")
    for speed in ("1/2", "1", "2", "4"):
        span = Span(length=Fraction(speed))
        clip = Clip(media=material.rabbit, seconds=Fraction(1), speed=Fraction(speed), source=span)
        for at, pixels in zip(times, material.seen(Timeline(format=WIDE, picture=(clip,)), *times), strict=True):
            yield Cell(f"{speed} times as fast, at {at} s", pixels)


def lettered(material: Material, ground: Any, form: Format = WIDE, **words: Any) -> Timeline:
    """Words over a photograph (its name) or a colour."""
    if isinstance(ground, str) and ground.startswith("#"):
        item: Clip | Gap = Gap(seconds=Fraction(8), colour=ground)
    else:
        item = Clip(media=material.photograph(ground), seconds=Fraction(8))
    return Timeline(format=form, picture=(item,), **words)


TITLES = (
    ("centre", "A weekend at the lake", "June 2024", "05"),
    ("centre", "Ελλάδα & Łódź: “été”", "", "#ffffff"),
    ("upper", "Saturday", "", "04"),
    ("end", "Thank you", "for coming all this way", "09"),
)


def titles(material: Material) -> Iterator[Cell]:
    for place, text, subtitle, ground in TITLES:
        title = Title.model_validate({"start": "1", "seconds": "4", "text": text, "subtitle": subtitle, "place": place})
        times = ("29/30", "11/10", "13/10", "3", "24/5")
        seen = material.seen(lettered(material, ground, titles=(title,)), *times)
        yield from (Cell(f"{text} at {at} s", pixels) for at, pixels in zip(times, seen, strict=True))


THIRDS = (
    ("Ana Sousa", "Potter", "07", WIDE),
    ("Maria Håkansson", "Boat builder, third generation", "01", WIDE),
    ("Lake Bohinj", "", "#ffffff", WIDE),
    ("Dr. Ngũgĩ", "Marine biologist", "06", TALL),
)


def lower_thirds(material: Material) -> Iterator[Cell]:
    for text, subtitle, ground, form in THIRDS:
        title = Title.model_validate(
            {"start": "1", "seconds": "4", "text": text, "subtitle": subtitle, "place": "lower_third"}
        )
        times = ("1", "16/15", "6/5", "3", "49/10")
        seen = material.seen(lettered(material, ground, form, titles=(title,)), *times)
        yield from (Cell(f"{text} at {at} s", pixels) for at, pixels in zip(times, seen, strict=True))


LINES = ("We rowed out before breakfast,", "while the mist still lay on the water.")
GROUNDS: tuple[tuple[str, Format, dict[str, Any]], ...] = (
    ("05", WIDE, {}),
    ("#ffffff", WIDE, {"scrim": 0.5}),
    ("09", WIDE, {"place": "top", "accent": "#2060ff"}),
    ("04", SQUARE, {"size": 0.09}),
)


def captions(material: Material, mode: str) -> Iterator[Cell]:
    words = " ".join(LINES).split(" ")
    pace = Fraction(6, len(words))
    timed = tuple(Word(text=word, start=1 + place * pace, seconds=pace) for place, word in enumerate(words))
    caption = Caption(start=Fraction(1), seconds=Fraction(6), lines=LINES, words=timed)
    for ground, form, style in GROUNDS:
        looks = CaptionStyle.model_validate({"mode": mode, "size": 0.075, **style})
        timeline = lettered(material, ground, form, captions=(caption,), caption_style=looks)
        times = ("1", "31/30", "5/2", "4", "69/10")
        seen = material.seen(timeline, *times)
        yield from (Cell(f"{mode} over {ground} at {at} s", pixels) for at, pixels in zip(times, seen, strict=True))


def high_range(material: Material) -> Iterator[Cell]:
    """Photographs as clips of high dynamic range, with lights four times as bright as white: they are to look as they were."""
    for coding in ("PQ", "HLG", "full range", "10 bits"):
        for name in PHOTOGRAPHS:
            path = material.folder / f"{coding.replace(' ', '-')}-{name}.mkv"
            write_coded(path, name, coding)
            yield Cell(f"{coding}, {name}", still(material, material.video(path)))


CODINGS = {
    # matrix, primaries, transfer, full range, pixel format, coefficients of red and blue
    "PQ": (9, 9, 16, False, "yuv420p10le", (0.2627, 0.0593)),
    "HLG": (9, 9, 18, False, "yuv420p10le", (0.2627, 0.0593)),
    "full range": (5, 1, 1, True, "yuvj420p", (0.299, 0.114)),
    "10 bits": (1, 1, 1, False, "yuv420p10le", (0.2126, 0.0722)),
}


def write_coded(path: Path, photograph: str, coding: str) -> None:
    """A clip of one photograph, two frames of 320x180, coded as a camera would."""
    matrix, primaries, transfer, full, pixels, (red, blue) = CODINGS[coding]
    with Pictures.open(next(DAY.glob(f"{photograph}*.jpg"))) as opened:
        light = np.asarray(opened.convert("RGB"))
    tall = light.shape[1] * 9 // 16
    top = (light.shape[0] - tall) // 2
    shown = cv2.resize(light[top : top + tall], (320, 180), interpolation=cv2.INTER_AREA).astype(np.float64) / 255
    signal = as_signal(shown, transfer)
    luma = signal @ np.array([red, 1 - red - blue, blue])
    parts = (luma, (signal[..., 2] - luma) / (2 - 2 * blue), (signal[..., 0] - luma) / (2 - 2 * red))
    depth = 10 if "10" in pixels else 8
    frame = av.VideoFrame(320, 180, pixels)
    for place, (plane, part) in enumerate(zip(frame.planes, parts, strict=True)):
        small = part if place == 0 else cv2.resize(part, (160, 90), interpolation=cv2.INTER_AREA)
        codes = as_codes(small, place, full=full, depth=depth)
        rows = np.zeros((plane.height, plane.line_size // codes.itemsize), codes.dtype)
        rows[:, : codes.shape[1]] = codes
        plane.update(rows.tobytes())
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=2)
        stream.width, stream.height, stream.pix_fmt = 320, 180, pixels
        stream.options = {"crf": "6", "preset": "veryfast"}
        for part in (stream.codec_context, frame):
            part.colorspace, part.color_primaries, part.color_trc = matrix, primaries, transfer
            part.color_range = 2 if full else 1
        for number in range(2):
            frame.pts = number
            out.mux(stream.encode(frame))
        out.mux(stream.encode())


def as_codes(part: np.ndarray, place: int, *, full: bool, depth: int) -> np.ndarray:
    """Luma (0 to 1) or colour difference (-0.5 to 0.5) as integers of `depth` bits."""
    scale = 1 << (depth - 8)
    low, luma, chroma = (0, 255, 255) if full else (16, 219, 224)
    values = low + luma * part if place == 0 else 128 + chroma * part
    return np.clip(np.rint(values * scale), 0, 256 * scale - 1).astype(np.uint16 if depth > 8 else np.uint8)


def as_signal(shown: np.ndarray, transfer: int) -> np.ndarray:
    """R'G'B' of BT.709 (0 to 1) in another transfer; PQ (SMPTE ST 2084) and HLG (ITU-R BT.2100) get BT.2020's primaries."""
    if transfer == 1:
        return shown
    light = shown**2.4
    # What is nearly white in a photograph was brighter than it can show.
    light = light * (1 + 3 * np.clip((light.max(axis=-1, keepdims=True) - 0.85) / 0.15, 0, 1))
    wide = light @ np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]]).T
    if transfer == 16:
        power = np.clip(wide * WHITE / 10_000, 0, 1) ** 0.1593017578125
        return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375
    # The scene's light is what the display (1000 cd/m², gamma 1.2) would turn into this.
    display = np.clip(wide * WHITE / 1000, 0, 1)
    luminance = np.maximum(display @ np.array([0.2627, 0.6780, 0.0593]), 1e-9)[..., None]
    scene = np.clip(display * luminance ** (1 / 1.2 - 1), 0, 1)
    return np.where(
        scene <= 1 / 12, np.sqrt(3 * scene), 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    )


def alphas(material: Material) -> Iterator[Cell]:
    """Pictures with holes, soft edges and glass: over black bars, over their own blur, cropped, and while they cross."""
    rows, columns = np.mgrid[0:180, 0:240].astype(np.float32)
    colour = np.stack([columns + 15, 255 - rows, np.full_like(rows, 90)], axis=-1).astype(np.uint8)
    far = np.hypot(columns - 120, rows - 90)
    layers = {
        "hard disc": np.where(far < 80, 255, 0),
        "soft disc": np.clip((90 - far) * 4, 0, 255),
        "glass": np.full_like(far, 120),
        "lattice": np.where((rows // 12 + columns // 12) % 2, 255, 0),
    }
    for name, alpha in layers.items():
        media = material.drawn(np.dstack([colour, alpha.astype(np.uint8)]))
        for fit in ("cover", "blur", "contain"):
            yield Cell(f"{name}, {fit}", still(material, media, fit=fit))
        shots = (
            Clip(media=material.photograph("05"), seconds=Fraction(1)),
            Transition(seconds=Fraction(1)),
            Clip(media=media, seconds=Fraction(1), fit="contain"),
        )
        for at, pixels in zip(
            ("5/6", "7/6"), material.seen(Timeline(format=WIDE, picture=shots), "5/6", "7/6"), strict=True
        ):
            yield Cell(f"{name}, dissolving at {at} s", pixels)


INSETS: dict[str, dict[str, Any]] = {
    "bare": {},
    "round, with a border": {"corner": 0.2, "border": 0.02, "border_colour": "#FFD23F"},
    "with a shadow, fading": {"shadow": 0.8, "fade_in": "1/2", "fade_out": "1/2"},
    "a circle": {"corner": 0.5, "border": 0.01, "shadow": 0.5},
}


def insets(material: Material) -> Iterator[Cell]:
    """The clip over photographs, from second 1 to second 3; the circle lies over a dissolve."""
    for name, style in INSETS.items():
        small = Clip(media=material.rabbit, seconds=Fraction(2), source=Span(start=Fraction(2), length=Fraction(2)))
        square = name == "a circle"
        place = box(0.66, 0.08, 0.2, 0.2 * 16 / 9) if square else box(0.62, 0.56, 0.32, 0.32)
        over = Inset.model_validate({"clip": small, "start": "1", "box": place, **style})
        shots: list[Clip | Transition] = [Clip(media=material.photograph("05"), seconds=Fraction(2))]
        shots += [Transition(seconds=Fraction(1)), Clip(media=material.photograph("04"), seconds=Fraction(2))]
        timeline = Timeline(format=WIDE, picture=tuple(shots), insets=(over,))
        times = ("29/30", "31/30", "5/4", "2", "89/30")
        seen = material.seen(timeline, *times)
        yield from (Cell(f"{name} at {at} s", pixels) for at, pixels in zip(times, seen, strict=True))


def teal_and_orange(rgb: np.ndarray) -> np.ndarray:
    light = rgb @ np.array([0.2126, 0.7152, 0.0722])
    return rgb + (light[:, None] - 0.5) * np.array([0.25, 0.02, -0.25])


LOOKS: dict[str, tuple[int, Callable[[np.ndarray], np.ndarray]]] = {
    "nothing changes": (3, lambda rgb: rgb),
    "teal and orange": (17, teal_and_orange),
    "black and white": (9, lambda rgb: np.repeat(rgb @ np.array([[0.3], [0.6], [0.1]]), 3, axis=1)),
    "red is blue": (2, lambda rgb: rgb[:, ::-1]),
}


def looks(material: Material) -> Iterator[Cell]:
    for name, (size, change) in LOOKS.items():
        steps = np.linspace(0, 1, size)
        blue, green, red = (axis.ravel() for axis in np.meshgrid(steps, steps, steps, indexing="ij"))
        rows = np.clip(change(np.stack([red, green, blue], axis=1)), 0, 1)
        lines = (" ".join(f"{value:.6f}" for value in row) for row in rows)
        blob = material.store.add_bytes("\n".join([f"LUT_3D_SIZE {size}", *lines, ""]).encode(), ".cube")
        table = Lut(media=Text(digest=blob.digest, bytes=blob.bytes, suffix=".cube"), name=name)
        for photograph in (*PHOTOGRAPHS[:4], "clip"):
            media = material.rabbit if photograph == "clip" else material.photograph(photograph)
            source = Span(length=Fraction(1)) if photograph == "clip" else None
            shot = Clip(media=media, seconds=Fraction(1), source=source)
            timeline = Timeline(format=WIDE, picture=(shot,), lut=table)
            yield Cell(f"{name}, {photograph}", next(material.seen(timeline, "1/2")))


BARS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("plain over a photograph", "05", {"height": 0.02}),
    ("on top, over white", "#ffffff", {"height": 0.03, "place": "top", "colour": "#D02020"}),
    ("opaque, over the sky", "09", {"height": 0.05, "colour": "#40C0FF", "opacity": 1.0}),
    ("as it comes", "04", {}),
)


def bars(material: Material) -> Iterator[Cell]:
    for name, ground, style in BARS:
        timeline = lettered(material, ground, progress=Progress(**style))
        times = ("0", "2", "4", "6", "239/30")
        seen = material.seen(timeline, *times)
        yield from (Cell(f"{name} at {at} s", pixels) for at, pixels in zip(times, seen, strict=True))


SHEETS: dict[str, Callable[[Material], Iterator[Cell]]] = {
    "moves": moves,
    "transitions": transitions,
    "directions": directions,
    "fills": fills,
    "grades": grades,
    "speeds": speeds,
    "titles": titles,
    "lower-thirds": lower_thirds,
    "captions-block": lambda material: captions(material, "block"),
    "captions-words": lambda material: captions(material, "words"),
    "captions-karaoke": lambda material: captions(material, "karaoke"),
    "high-range": high_range,
    "alpha": alphas,
    "insets": insets,
    "looks": looks,
    "progress": bars,
}


def cells(name: str) -> list[Cell]:
    """The twenty frames of a feature."""
    with tempfile.TemporaryDirectory() as folder:
        made = list(SHEETS[name](Material(Path(folder))))
    assert len(made) == COLUMNS * ROWS, f"{name} has {len(made)} cells"
    return made


def sheet(made: list[Cell]) -> np.ndarray:
    """Frames side by side, (504, 1120, 3)."""
    rows = [
        np.hstack([cell.pixels for cell in made[start : start + COLUMNS]]) for start in range(0, len(made), COLUMNS)
    ]
    return np.vstack(rows)


def as_jpeg(pixels: np.ndarray) -> bytes:
    """A sheet as it is kept."""
    file = io.BytesIO()
    Pictures.fromarray(pixels).save(file, "JPEG", quality=80, optimize=True)
    return file.getvalue()


def main(names: list[str]) -> None:
    """Write the sheets of these names, or all."""
    FOLDER.mkdir(exist_ok=True)
    for name in names or SHEETS:
        (FOLDER / f"{name}.jpg").write_bytes(as_jpeg(sheet(cells(name))))


if __name__ == "__main__":
    main(sys.argv[1:])
