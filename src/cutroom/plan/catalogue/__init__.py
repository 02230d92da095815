"""The steps that ship with Cutroom, by group. A plug-in adds more through the same hook."""

from __future__ import annotations

from cutroom.plan.catalogue import assemble, edit, generate, understand, write
from cutroom.plan.step import AnyStep

STEPS: tuple[type[AnyStep], ...] = (
    understand.LookAtPicture,
    understand.LookAtClip,
    understand.ListenToSound,
    understand.Transcribe,
    understand.DescribePicture,
    understand.DescribeClip,
    write.WriteScript,
    write.WriteStory,
    write.PlanShot,
    write.WriteCaptions,
    generate.Speak,
    generate.ComposeMusic,
    generate.DrawCard,
    generate.GeneratePicture,
    generate.AnimateStill,
    generate.GenerateClip,
    generate.GenerateMusic,
    generate.GenerateSound,
    edit.FramePicture,
    edit.PickMoment,
    edit.EditPicture,
    edit.EditClip,
    assemble.AssembleCut,
    assemble.RenderFilm,
    assemble.MarkFilm,
)
