"""The house marker says who made what, takes strangers for trained models, and leaves a film alone that hides nothing."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from PIL import Image as Picture

from cutroom.media.kinds import Audio, Image, Media, Text, Video
from cutroom.media.store import Store
from cutroom.performers.house.marking import BY_RULES, Marker, generated
from cutroom.performers.performer import Desk
from cutroom.plan.catalogue.assemble import Edit, MarkFilm, Used
from cutroom.plan.facts import PictureFacts
from cutroom.plan.step import Ref
from cutroom.plugins import offered
from cutroom.render.detecting import read
from cutroom.timeline.timeline import Box

SAID = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


class Bench:
    """A film, and what it was made of, on a performer's desk."""

    def __init__(self, store: Store, scratch: Path, film: Path) -> None:
        self.store, self.scratch = store, scratch
        blob = store.add(film, ".mp4")
        self.film = Video(
            digest=blob.digest,
            bytes=blob.bytes,
            suffix=".mp4",
            seconds=Fraction(1),
            width=160,
            height=120,
            fps=Fraction(30),
        )
        self.inputs: dict[str, Media] = {"film": self.film}
        self.makers: dict[str, tuple[str, str]] = {}
        self.used: list[Used] = []
        self.told: list[tuple[str, str]] = []

    def add(self, name: str, media: Media, maker: str | None = None, **more) -> None:
        self.inputs[name] = media
        if maker:
            self.makers[name] = (maker, "3")
        self.used.append(Used(media=Ref[Media](id=name), name=name, **more))

    def sound(self, name: str, maker: str, step: str) -> None:
        blob = self.store.add_bytes(name.encode(), ".wav")
        sound = Audio(digest=blob.digest, bytes=blob.bytes, suffix=".wav", seconds=Fraction(1), rate=48_000, channels=2)
        self.add(name, sound, maker, step=step)

    def photograph(self, path: Path, camera: str | None) -> None:
        blob = self.store.add(path, path.suffix)
        looked = PictureFacts(
            width=160,
            height=120,
            focus=Box(x=0, y=0, width=1, height=1),
            sharpness=1,
            exposure=0,
            colour="#123456",
            fingerprint="0",
            quality=1,
            camera=camera,
        )
        facts = self.store.add_bytes(looked.model_dump_json().encode(), ".json")
        self.inputs[f"look-{path.name}"] = Text(digest=facts.digest, bytes=facts.bytes, suffix=".json")
        image = Image(digest=blob.digest, bytes=blob.bytes, suffix=path.suffix, width=160, height=120)
        self.add(path.name, image, facts=Ref[Text](id=f"look-{path.name}"))

    def words(self, name: str, maker: str | None = None, **more) -> None:
        blob = self.store.add_bytes(b"A morning.", ".txt")
        self.add(name, Text(digest=blob.digest, bytes=blob.bytes, suffix=".txt"), maker, **more)

    def mark(self, *edits: Edit) -> Media:
        step = MarkFilm(film=Ref[Video](id="film"), used=tuple(self.used), edits=edits, title="Lake")
        desk = Desk(
            store=self.store,
            inputs=self.inputs,
            makers=self.makers,
            scratch=self.scratch,
            degrade=lambda what, why: self.told.append((what, why)),
        )
        return Marker().perform(step, desk)


@pytest.fixture
def bench(store, tmp_path, make_clip) -> Bench:
    scratch = store.scratch()
    return Bench(store, scratch, make_clip("film.mp4", sound=True))


def test_who_made_what_is_told(bench, make_picture):
    bench.photograph(make_picture("hill.jpg"), camera="Nikon D70")
    bench.photograph(make_picture("found.jpg", width=170), camera=None)
    bench.sound("narration", "house/espeak", "speak")
    bench.words("notes.md", only_read=True)
    bench.words("script", "house/writer", step="write_script")

    marked = bench.mark(Edit(step="frame_picture", times=2), Edit(step="render_film"))

    marks = read(bench.store.path(marked))
    assert (marks.status, marks.source, bench.told) == ("valid", "composite", [])
    sources = {action.of[0]: action.source for action in marks.actions if action.of}
    assert sources == {"hill.jpg": "digitalCapture", "found.jpg": None, "narration": "algorithmicMedia"}
    assert {one.title for one in marks.ingredients} == {"hill.jpg", "found.jpg", "narration", "notes.md"}
    deeds = {action.action: action.about for action in marks.actions if not action.of}
    assert deeds["c2pa.cropped"].endswith("(2 times)")
    assert "c2pa.transcoded" in deeds
    assert marked.model_dump(exclude={"digest", "bytes", "sound"}) == bench.film.model_dump(
        exclude={"digest", "bytes", "sound"}
    )


def test_a_strange_performer_counts_as_a_trained_model(bench, make_picture):
    bench.photograph(make_picture("hill.jpg"), camera="Nikon D70")
    bench.sound("narration", "somebody/voice", "speak")

    marks = read(bench.store.path(bench.mark()))
    assert marks.source == marks.iptc == "compositeWithTrainedAlgorithmicMedia"
    assert marks.comment is not None
    assert "trained model (AI)" in marks.comment


def test_words_that_a_model_wrote_are_told(bench):
    bench.sound("narration", "house/espeak", "speak")
    bench.words("script", "somebody/chat", step="write_script")

    marks = read(bench.store.path(bench.mark()))
    assert marks.source == "compositeWithTrainedAlgorithmicMedia"


def test_a_film_in_which_nothing_was_generated_stays_as_it_is(bench, make_picture):
    bench.photograph(make_picture("hill.jpg"), camera="Nikon D70")
    bench.words("notes.md", only_read=True)

    assert bench.mark() == bench.film


def test_a_picture_that_says_it_was_generated_marks_the_film_too(bench, tmp_path):
    path = tmp_path / "dream.jpg"
    packet = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a Iptc4xmpExt:DigitalSourceType="{SAID}"/></x:xmpmeta>'
    Picture.new("RGB", (160, 120), "teal").save(path, xmp=packet.encode())
    bench.photograph(path, camera="Nikon D70")

    marks = read(bench.store.path(bench.mark()))
    assert marks.source == "trainedAlgorithmicMedia"
    assert marks.comment is not None
    assert "Handed over as made by software: 1." in marks.comment


@pytest.mark.parametrize(
    ("maker", "medium", "says"),
    [
        ("house/espeak", "sound", True),
        ("somebody/voice", "sound", True),
        ("somebody/chat", "text", True),
        ("house/writer", "text", False),
        (None, "text", False),
        (None, "camera", False),
        (None, "declared", True),
    ],
)
def test_what_counts_as_generated_when_a_watermark_is_decided_on(bench, make_picture, tmp_path, maker, medium, says):
    if medium == "sound":
        bench.sound("it", maker, "speak")
    elif medium == "text":
        bench.words("it", maker)
    else:
        path = tmp_path / "it.jpg"
        word = SAID if medium == "declared" else "nothing"
        xmp = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a Iptc4xmpExt:DigitalSourceType="{word}"/></x:xmpmeta>'.encode()
        Picture.new("RGB", (160, 120), "teal").save(path, xmp=xmp)
        bench.photograph(path, camera="Nikon D70")
    desk = Desk(store=bench.store, inputs=bench.inputs, makers=bench.makers, scratch=bench.scratch)

    assert generated([used.media for used in bench.used], desk) is says


def test_a_film_of_another_kind_is_handed_on_and_that_is_told(bench):
    bench.sound("narration", "house/espeak", "speak")
    blob = bench.store.add_bytes(b"\x1a\x45\xdf\xa3", ".webm")
    bench.film = bench.film.model_copy(update={"digest": blob.digest, "bytes": blob.bytes, "suffix": ".webm"})
    bench.inputs["film"] = bench.film

    assert bench.mark() == bench.film
    ((what, why),) = bench.told
    assert what == "content credentials"
    assert ".mp4" in why


def test_another_certificate_marks_anew(monkeypatch, tmp_path):
    step = MarkFilm(film=Ref[Video](id="film"))
    monkeypatch.delenv("CUTROOM_CERTIFICATE", raising=False)
    before = Marker().settings(step)
    monkeypatch.setenv("CUTROOM_CERTIFICATE", str(tmp_path / "none.pem"))

    assert Marker().settings(step) != before


def test_of_everybody_in_the_house_it_is_known_how_they_work():
    makers = {one.name for one in offered("cutroom_performers") if type(one).__module__.startswith("cutroom.")}
    lookers = {"house/look", "house/watch", "house/listen"}

    assert makers - lookers - BY_RULES - {"house/mark"} == {"house/piper"}  # a trained voice
    assert makers >= BY_RULES
