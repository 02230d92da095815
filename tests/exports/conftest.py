"""A small cut with one of everything, at any rate, ready to be exported."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pictures

from cutroom.exports.edit import Edit
from cutroom.media import clip as clips
from cutroom.media import sound as sounds
from cutroom.media.kinds import Audio, Image, Video, Word
from cutroom.media.store import Store
from cutroom.time import Rate, Span
from cutroom.timeline.timeline import (
    Box,
    Caption,
    Clip,
    Format,
    Gap,
    Grade,
    Marker,
    Move,
    Sound,
    SoundTrack,
    Timeline,
    Title,
    Transition,
)

LENGTHS = (37, 53, 61, 29, 15)
"""In frames: a photograph, a clip, a clip at another speed, a photograph over a blurred fill, black."""
CUTS = (0, 37, 90, 151, 180)
FRAMES = 195


@pytest.fixture
def picture(tmp_path: Path, store: Store) -> Callable[..., Image]:
    def take(width: int = 64, height: int = 36, shade: int = 120) -> Image:
        path = tmp_path / f"picture-{shade}.png"
        pixels = np.random.default_rng(shade).integers(0, 255, (height, width, 3)).astype(np.uint8) // 2 + shade // 2
        Pictures.fromarray(pixels).save(path)
        blob = store.add(path, ".png")
        return Image(digest=blob.digest, suffix=".png", bytes=blob.bytes, width=width, height=height)

    return take


@pytest.fixture
def video(make_clip: Callable[..., Path], store: Store) -> Video:
    path = make_clip(width=64, height=36, frames=150, fps=30, sound=True)
    info = clips.look(path)
    blob = store.add(path, info.suffix)
    return Video(
        digest=blob.digest,
        suffix=info.suffix,
        bytes=blob.bytes,
        seconds=info.seconds,
        width=info.width,
        height=info.height,
        fps=info.fps,
        sound=True,
    )


@pytest.fixture
def audio(tmp_path: Path, store: Store) -> Callable[..., Audio]:
    def take(seconds: float, hertz: float, level: float = 0.2) -> Audio:
        path = tmp_path / f"{hertz}.wav"
        at = np.arange(round(seconds * 48_000)) / 48_000
        wave = (level * np.sin(2 * np.pi * hertz * at)).astype(np.float32)
        sounds.write_wav(path, np.stack([wave, wave], axis=1))
        blob = store.add(path, ".wav")
        length = Fraction(len(wave), 48_000)
        return Audio(digest=blob.digest, suffix=".wav", bytes=blob.bytes, seconds=length, rate=48_000, channels=2)

    return take


@pytest.fixture
def edit(picture: Callable[..., Image], video: Video, audio: Callable[..., Audio], store: Store) -> Callable[..., Edit]:
    """Takes a rate and gives the cut at that rate."""

    def make(fps: Fraction = Fraction(30), **changes) -> Edit:
        rate = Rate(per_second=fps)
        first, last = picture(shade=90), picture(36, 64, shade=160)
        seconds = [rate.seconds(frames) for frames in LENGTHS]
        move = Move(start=Box(x=0, y=0, width=1, height=1), end=Box(x=0.25, y=0.25, width=0.5, height=0.5))
        shown = (
            Clip(media=first, seconds=seconds[0], move=move, name="a1"),
            Transition(seconds=rate.seconds(10)),
            Clip(media=video, seconds=seconds[1], source=Span(start=rate.seconds(12), length=seconds[1]), name="a2"),
            Transition(kind="wipe", seconds=rate.seconds(8)),
            Clip(
                media=video,
                seconds=seconds[2],
                source=Span(start=rate.seconds(21), length=seconds[2] * Fraction(3, 2)),
                speed=Fraction(3, 2),
                grade=Grade(exposure=0.5),
                name="a2",
            ),
            Clip(media=last, seconds=seconds[3], fit="blur", name="a3"),
            Transition(seconds=rate.seconds(12)),
            Gap(seconds=seconds[4]),
        )
        voice, music = audio(1.5, 300.0), audio(7.0, 150.0, 0.1)
        heard = min(music.seconds, rate.seconds(FRAMES))
        natural = Sound(
            media=video,
            start=rate.seconds(32),
            source=Span(start=rate.seconds(7), length=rate.seconds(63)),
            fade_in=rate.seconds(10),
            name="a2",
        )
        tracks = (
            SoundTrack(
                role="voice",
                sounds=(Sound(media=voice, start=Fraction("1.234"), source=Span(length=voice.seconds), name="line-1"),),
            ),
            SoundTrack(
                role="music",
                sounds=(Sound(media=music, start=Fraction(0), source=Span(length=heard), fade_out=Fraction(1)),),
                duck=12.0,
                gain=-2.0,
            ),
            SoundTrack(role="natural", sounds=(natural,), gain=-6.0),
        )
        words = tuple(
            Word(text=text, start=Fraction(start), seconds=Fraction(1, 4))
            for text, start in (("Good", "1.25"), ("<morning>", "1.6"), ("you", "2.1"), ("two", "2.4"))
        )
        timeline = Timeline(
            format=Format(width=192, height=108, fps=fps),
            picture=shown,
            sound=tracks,
            captions=(
                Caption(start=Fraction("1.234"), seconds=Fraction(2), lines=("Good <morning>", "you two"), words=words),
                Caption(start=Fraction(4), seconds=Fraction(3, 2), lines=("{\\b1}Brace & arrow --> end",)),
            ),
            titles=(Title(start=Fraction(0), seconds=Fraction(1), text="Tom & <Jerry>", subtitle="Part 1"),),
            title="Tom & Jerry",
            markers=(Marker(at=rate.seconds(40), name="Noon"), Marker(at=rate.seconds(152), name="Evening & night")),
        ).model_copy(update=changes)
        names = {first.digest: "Lake at dawn (1).PNG", video.digest: "../../etc/clip.mp4", last.digest: "日の出.png"}
        return Edit(timeline=timeline, store=store, names=names, title=timeline.title, stem="lake")

    return make
