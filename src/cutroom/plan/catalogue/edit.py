"""Edit: turn a picture or a clip into a shot (a cut with one clip in it), or change what is in it, as words say."""

from __future__ import annotations

from typing import ClassVar, Literal

from cutroom.media.kinds import Cut, Image, Text, Video
from cutroom.plan.step import Group, Ref, Step
from cutroom.time import Seconds
from cutroom.timeline.timeline import Format


class FramePicture(Step[Cut]):
    """Frame a picture as a shot: what is seen of it, and how the frame moves over it."""

    kind: Literal["frame_picture"] = "frame_picture"
    group: ClassVar[Group] = "edit"
    seeded: ClassVar[bool] = True
    picture: Ref[Image]
    """The picture."""
    facts: Ref[Text]
    """What is known about it: faces decide where the frame may go."""
    seconds: Seconds
    """How long the shot is."""
    format: Format
    """The film's frame."""
    motion: Literal["auto", "push_in", "pull_out", "pan", "still"] = "auto"
    """How the frame moves; auto decides by what is in the picture and by the shots beside it."""
    seed: int = 0
    """Varies the choice where several are equally good."""


class PickMoment(Step[Cut]):
    """Pick the best stretch of a clip as a shot."""

    kind: Literal["pick_moment"] = "pick_moment"
    group: ClassVar[Group] = "edit"
    seeded: ClassVar[bool] = True
    clip: Ref[Video]
    """The clip."""
    facts: Ref[Text]
    """What is known about it: its shots, its best moments."""
    seconds: Seconds
    """How long the shot is."""
    handles: Seconds
    """What must lie free on either side for the transitions."""
    format: Format
    """The film's frame."""
    part: int = 0
    """0 for the best moment, 1 for the second best that does not overlap it, and so on."""


class EditPicture(Step[Image]):
    """Change a picture as words say."""

    kind: Literal["edit_picture"] = "edit_picture"
    group: ClassVar[Group] = "edit"
    seeded: ClassVar[bool] = True
    picture: Ref[Image]
    """The picture to change."""
    instruction: str
    """What becomes of it."""
    references: tuple[Ref[Image], ...] = ()
    """Further pictures that the instruction speaks of: a face, a style, an object."""
    mask: Ref[Image] | None = None
    """Where it may change: the transparent parts of this picture; everywhere when left out."""
    seed: int = 0
    """Another seed gives another result."""


class EditClip(Step[Video]):
    """Change a clip as words say."""

    kind: Literal["edit_clip"] = "edit_clip"
    group: ClassVar[Group] = "edit"
    seeded: ClassVar[bool] = True
    clip: Ref[Video]
    """The clip to change."""
    instruction: str
    """What becomes of it."""
    seed: int = 0
    """Another seed gives another result."""
