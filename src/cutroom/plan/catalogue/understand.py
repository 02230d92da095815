"""Understand: look at and listen to what was handed over. Results are facts, as JSON."""

from __future__ import annotations

from typing import ClassVar, Literal

from cutroom.media.kinds import Audio, Image, Text, Video
from cutroom.plan.step import Group, Ref, Step


class LookAtPicture(Step[Text]):
    """Look at a picture: faces, sharpness, light, what it resembles, when and where it was taken."""

    kind: Literal["look_at_picture"] = "look_at_picture"
    group: ClassVar[Group] = "understand"
    picture: Ref[Image]
    """The picture."""


class LookAtClip(Step[Text]):
    """Look through a clip: its shots, its best moments, faces, movement, and what its sound is like."""

    kind: Literal["look_at_clip"] = "look_at_clip"
    group: ClassVar[Group] = "understand"
    clip: Ref[Video]
    """The clip."""


class ListenToSound(Step[Text]):
    """Listen to a sound: loudness, silence, whether it carries speech or a beat."""

    kind: Literal["listen_to_sound"] = "listen_to_sound"
    group: ClassVar[Group] = "understand"
    sound: Ref[Audio]
    """The sound."""


class Transcribe(Step[Text]):
    """Write down what is said in a sound, word by word with times."""

    kind: Literal["transcribe"] = "transcribe"
    group: ClassVar[Group] = "understand"
    sound: Ref[Audio]
    """The sound."""
    language: str | None = None
    """The language spoken, as a BCP 47 tag; None when it is to be found out."""


class DescribePicture(Step[Text]):
    """Say in words what a picture shows, or answer a question about it."""

    kind: Literal["describe_picture"] = "describe_picture"
    group: ClassVar[Group] = "understand"
    picture: Ref[Image]
    """The picture."""
    question: str = ""
    """What is asked; a description when empty."""


class DescribeClip(Step[Text]):
    """Say in words what a clip shows, or answer a question about it."""

    kind: Literal["describe_clip"] = "describe_clip"
    group: ClassVar[Group] = "understand"
    clip: Ref[Video]
    """The clip."""
    question: str = ""
    """What is asked; a description when empty."""
