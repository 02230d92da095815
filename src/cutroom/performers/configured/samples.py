"""What models are tried with: one small step of each kind, and the picture, clip and voice that it needs."""

from __future__ import annotations

import wave
from fractions import Fraction
from pathlib import Path

from cutroom.configuration import Ability
from cutroom.media.kinds import Audio, Image, Media, Video
from cutroom.media.store import Store
from cutroom.performers.performer import Desk
from cutroom.plan.catalogue.edit import EditClip, EditPicture
from cutroom.plan.catalogue.generate import (
    AnimateStill,
    GenerateClip,
    GenerateMusic,
    GeneratePicture,
    GenerateSound,
    Speak,
)
from cutroom.plan.catalogue.understand import Transcribe
from cutroom.plan.step import AnyStep, Ref

PROMPT = "A red kite over a grey sea"
LINE = "A red kite flies over the grey sea."

_PICTURE = (512, 512)
_CLIP = (512, 288)
_SECONDS = Fraction(2)
_FPS = 12


def sample_step(ability: str) -> AnyStep | None:
    """A small step for `ability`; None for chat, which no step is for. Its refs are ``picture``, ``clip`` and ``sound``."""
    width, height = _CLIP
    clip = {"seconds": _SECONDS, "width": width, "height": height}
    picture, moving, sound = Ref[Image](id="picture"), Ref[Video](id="clip"), Ref[Audio](id="sound")
    steps: dict[Ability, AnyStep] = {
        "image": GeneratePicture(prompt=PROMPT, width=_PICTURE[0], height=_PICTURE[1]),
        "edit": EditPicture(picture=picture, instruction="Make it evening"),
        "video": GenerateClip(prompt=PROMPT, **clip),
        "animate": AnimateStill(still=picture, motion="The camera moves slowly in", **clip),
        "edit_video": EditClip(clip=moving, instruction="Make it evening"),
        "speech": Speak(text=LINE, language="en"),
        "transcribe": Transcribe(sound=sound, language="en"),
        "music": GenerateMusic(description="Calm piano", seconds=Fraction(10)),
        "sound": GenerateSound(description="Waves on a beach", seconds=Fraction(3)),
    }
    return next((step for known, step in steps.items() if known == ability), None)


def samples_for(step: AnyStep, store: Store, scratch: Path) -> dict[str, Media]:
    """What `step` refers to, made and kept in `store`: a picture, a clip, a spoken line."""
    makers = {"picture": _picture, "clip": _clip, "sound": _voice}
    desk = Desk(store=store, inputs={}, scratch=scratch)
    return {wire.id: makers[wire.id](desk) for wire in step.wires()}


def _picture(desk: Desk) -> Image:
    """A sea, a sky and something red above: enough to be changed or moved."""
    from PIL import Image as Pictures
    from PIL import ImageDraw

    width, height = _PICTURE
    drawn = Pictures.new("RGB", _PICTURE, (188, 196, 204))
    pen = ImageDraw.Draw(drawn)
    pen.rectangle((0, height * 2 // 3, width, height), fill=(92, 104, 116))
    middle, top = width // 2, height // 5
    pen.polygon(
        [(middle, top), (middle + 40, top + 50), (middle, top + 120), (middle - 40, top + 50)], fill=(200, 30, 30)
    )
    path = desk.scratch / "picture.png"
    drawn.save(path)
    return desk.keep_image(path, width=width, height=height)


def _clip(desk: Desk) -> Video:
    """The picture, for two seconds, moving to the right."""
    import av
    import numpy as np
    from PIL import Image as Pictures

    width, height = _CLIP
    with Pictures.open(desk.store.path(_picture(desk))) as opened:
        pixels = np.asarray(opened.convert("RGB").resize(_CLIP))
    path = desk.scratch / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=_FPS)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(int(_SECONDS * _FPS)):
            frame = av.VideoFrame.from_ndarray(
                np.ascontiguousarray(np.roll(pixels, 3 * number, axis=1)), format="rgb24"
            )
            frame.pts, frame.time_base = number, Fraction(1, _FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return desk.keep_video(path, seconds=_SECONDS, width=width, height=height, fps=Fraction(_FPS), sound=False)


def _voice(desk: Desk) -> Audio:
    """A line, read by the first voice of the house; a second of silence on a machine without any."""
    from cutroom.performers.house.speech import PERFORMERS

    line = Speak(text=LINE, language="en")
    speaker = next((one for one in reversed(PERFORMERS) if one.performs(line)), None)
    if speaker is not None:
        return speaker.perform(line, desk)
    path = desk.scratch / "silence.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(bytes(32_000))
    return desk.keep_sound(path, seconds=Fraction(1), rate=16_000, channels=1)
