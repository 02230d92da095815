"""The built-in performers. They enter through the same hooks that a stranger's package uses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cutroom.plugins import hookimpl


@hookimpl
def cutroom_steps(register: Callable[[type], None]) -> None:
    """The catalogue."""
    from cutroom.plan.catalogue import STEPS

    for step in STEPS:
        register(step)


@hookimpl
def cutroom_performers(register: Callable[[Any], None]) -> None:
    """Everybody in the house, the best voice first."""
    from cutroom.performers.house.assembly import Assembler, FilmRenderer
    from cutroom.performers.house.card import CardDrawer
    from cutroom.performers.house.edit import Framer, MomentPicker
    from cutroom.performers.house.marking import Marker
    from cutroom.performers.house.music import Composer
    from cutroom.performers.house.speech import EspeakVoice, FliteVoice, PiperVoice
    from cutroom.performers.house.understand import ClipLooker, PictureLooker, SoundListener
    from cutroom.performers.house.writing import CaptionWriter, ScriptWriter

    for performer in (
        PictureLooker,
        ClipLooker,
        SoundListener,
        ScriptWriter,
        CaptionWriter,
        PiperVoice,
        FliteVoice,
        EspeakVoice,
        Composer,
        CardDrawer,
        Framer,
        MomentPicker,
        Assembler,
        FilmRenderer,
        Marker,
    ):
        register(performer())
