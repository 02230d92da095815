"""A timeline as immutable data. A stored version of it is a `Cut`.

Words are those of the editing room (and of OpenTimelineIO): tracks hold clips and gaps; a transition stands *between*
two clips, is centred on the cut, and lends half of its length from either side (its *handles*), so that transitions
never change how long a track is. Times are seconds from the start of the film, exact. Boxes are fractions of the
upright source picture.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cutroom.brief.brief import CaptionMode
from cutroom.media.kinds import Audio, Image, Text, Video, Word
from cutroom.time import Exact, Rate, Seconds, Span


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Format(_Frozen):
    """The frame that is delivered."""

    width: int = Field(default=1920, gt=0, le=8192, multiple_of=2)
    height: int = Field(default=1080, gt=0, le=8192, multiple_of=2)
    fps: Exact = Fraction(30)

    @property
    def rate(self) -> Rate:
        """The frame rate."""
        return Rate(per_second=self.fps)

    @property
    def aspect(self) -> float:
        """Width divided by height."""
        return self.width / self.height


class Box(_Frozen):
    """A rectangle as fractions (0 to 1) of the upright source picture; may be any shape, may lie partly outside."""

    x: float
    y: float
    width: float = Field(gt=0)
    height: float = Field(gt=0)

    @property
    def centre(self) -> tuple[float, float]:
        """The middle, as fractions."""
        return self.x + self.width / 2, self.y + self.height / 2


class Move(_Frozen):
    """A pan and zoom: what is seen at the clip's first frame and at its last (handles go on along the same path)."""

    start: Box
    end: Box
    ease: Literal["linear", "smooth"] = "smooth"
    """How speed develops: even, or with a soft start and stop."""


class Grade(_Frozen):
    """A correction of light and colour, applied before anything is laid over."""

    exposure: float = Field(default=0.0, ge=-2, le=2)
    """In stops."""
    warmth: float = Field(default=0.0, ge=-1, le=1)
    """Below zero is cooler (bluer), above is warmer."""
    tint: float = Field(default=0.0, ge=-1, le=1)
    """Below zero is greener, above is more magenta."""
    saturation: float = Field(default=1.0, ge=0, le=2)


class Clip(_Frozen):
    """A stretch of one picture or one video, placed on the picture track."""

    type: Literal["clip"] = "clip"
    media: Annotated[Image | Video, Field(discriminator="type")]
    seconds: Seconds = Field(gt=0)
    """How long it is seen, between the middles of its transitions."""
    source: Span | None = None
    """For a video: the part that is used, without handles. Its length is `seconds * speed`."""
    speed: Exact = Fraction(1)
    """2 is twice as fast."""
    move: Move | None = None
    """For a picture (or a video that is cropped): what is seen when. None: the whole, fitted as `fit` says."""
    fit: Literal["cover", "blur", "contain"] = "cover"
    """How a source of another shape fills the frame when the part seen has another shape than the frame: cropped,
    whole over a blurred and darkened copy of itself, or whole between bars."""
    grade: Grade = Grade()
    name: str = ""
    """For people: where it came from, e.g. the file's name or the step's id."""

    @model_validator(mode="after")
    def _source_fits(self) -> Self:
        if self.source is not None and self.source.length != self.seconds * self.speed:
            raise ValueError(
                f"clip {self.name!r}: source is {self.source.length} s, but {self.seconds} s at speed "
                f"{self.speed} need {self.seconds * self.speed} s"
            )
        return self


class Gap(_Frozen):
    """A stretch of one colour."""

    type: Literal["gap"] = "gap"
    seconds: Seconds = Field(gt=0)
    colour: str = Field(default="#000000", pattern=r"^#[0-9a-fA-F]{6}$")


class Transition(_Frozen):
    """How one clip gives way to the next. Centred on the cut; half of it comes from either side's handles."""

    type: Literal["transition"] = "transition"
    kind: Literal["dissolve", "dip", "wipe", "push"] = "dissolve"
    seconds: Seconds = Field(gt=0)
    colour: str = Field(default="#000000", pattern=r"^#[0-9a-fA-F]{6}$")
    """What a dip goes through."""
    angle: float = 0.0
    """For wipe and push: the direction of travel in degrees, 0 is to the right, 90 is down."""


Item = Annotated[Clip | Gap | Transition, Field(discriminator="type")]


class Inset(_Frozen):
    """A picture in the picture: a clip that lies over the film in a box of its own."""

    clip: Clip
    """What is seen in the box: its fit and move are reckoned for the box's shape."""
    start: Seconds = Field(ge=0)
    """When in the film it comes; it lasts as long as its clip, and goes when the film ends."""
    box: Box
    """Where it lies, as fractions of the frame. All of it is inside the frame."""
    corner: float = Field(default=0.0, ge=0, le=0.5)
    """How round its corners are: the radius as a part of the box's shorter side; 0.5 makes a circle of a square."""
    border: float = Field(default=0.0, ge=0, le=0.05)
    """How wide its border is, as a part of the frame's shorter side."""
    border_colour: str = Field(default="#FFFFFF", pattern=r"^#[0-9a-fA-F]{6}$")
    shadow: float = Field(default=0.0, ge=0, le=1)
    """How dark the soft shadow around it is: 0 none, 1 black."""
    fade_in: Seconds = Field(default=Fraction(0), ge=0)
    fade_out: Seconds = Field(default=Fraction(0), ge=0)

    @model_validator(mode="after")
    def _lies_inside(self) -> Self:
        box, slack = self.box, 1e-6
        if min(box.x, box.y) < -slack or max(box.x + box.width, box.y + box.height) > 1 + slack:
            raise ValueError(
                f"inset {self.clip.name!r}: its box ({box.x:g}, {box.y:g}, {box.width:g} x {box.height:g}) reaches over "
                "the frame's edge; all of it must lie between 0 and 1"
            )
        return self


class Lut(_Frozen):
    """A look for the whole film: a table of colours in the .cube format, applied after each shot's own grade."""

    media: Text
    """The .cube file."""
    name: str = ""
    """What people know it as."""


class Progress(_Frozen):
    """A thin bar that grows from the left to the right edge while the film goes on."""

    height: float = Field(default=0.008, gt=0, le=0.1)
    """As a part of the frame's shorter side."""
    colour: str = Field(default="#FFFFFF", pattern=r"^#[0-9a-fA-F]{6}$")
    opacity: float = Field(default=0.9, gt=0, le=1)
    """Of the part that is over; what is left is seen as a darker strip."""
    place: Literal["bottom", "top"] = "bottom"


class Sound(_Frozen):
    """A stretch of sound, placed in the film."""

    media: Annotated[Audio | Video, Field(discriminator="type")]
    start: Seconds
    """When in the film it begins."""
    source: Span
    """The part that is heard; its length is how long it is heard (unless `speed` says otherwise)."""
    speed: Exact = Fraction(1)
    """2 is twice as fast at the same pitch."""
    gain: float = 0.0
    """In decibels."""
    fade_in: Seconds = Fraction(0)
    fade_out: Seconds = Fraction(0)
    name: str = ""


class RoomTone(_Frozen):
    """The quiet of a place, where nothing that was recorded there is heard: digital silence would sound like a fault.

    It is made anew from the recording's quietest moment, as long as it is wanted.
    """

    media: Annotated[Audio | Video, Field(discriminator="type")]
    """The recording."""
    start: Seconds
    """When in the film it begins."""
    seconds: Seconds = Field(gt=0)
    source: Span
    """Where in the recording its quietest moment is looked for."""
    fade_in: Seconds = Fraction(0)
    fade_out: Seconds = Fraction(0)
    name: str = ""


class SoundTrack(_Frozen):
    """Sounds that play one role in the mix."""

    role: Literal["voice", "music", "natural", "effects"]
    """Voice is what others duck under; natural is the sound recorded with a clip."""
    sounds: tuple[Sound, ...] = ()
    tones: tuple[RoomTone, ...] = ()
    """What is heard between them, as loud as the recording that it is made from."""
    gain: float = 0.0
    """In decibels, over all of the track."""
    duck: float = Field(default=0.0, ge=0, le=40)
    """By how many decibels it goes down while a voice is heard; 0 for never."""


class Caption(_Frozen):
    """What is said (or told) while it is said: at most two lines."""

    start: Seconds
    seconds: Seconds = Field(gt=0)
    lines: tuple[str, ...] = Field(min_length=1)
    words: tuple[Word, ...] = ()
    """Word timing in film time, when the voice gave it."""

    @property
    def text(self) -> str:
        """The lines as one."""
        return " ".join(self.lines)


class Title(_Frozen):
    """Words that belong to the picture: a film's title, a chapter, a lower third."""

    start: Seconds
    seconds: Seconds = Field(gt=0)
    text: str
    subtitle: str = ""
    place: Literal["centre", "lower_third", "upper", "end"] = "centre"
    fade: Seconds = Fraction(2, 5)
    """How long it takes to appear and to go."""


SafeArea = Literal["default", "youtube", "shorts", "tiktok", "reels"]


class CaptionStyle(_Frozen):
    """How captions look. Sizes are fractions of the frame's shorter side."""

    burn: bool = True
    """Drawn into the picture. Captions are written as a file either way."""
    size: float = Field(default=0.05, gt=0.01, lt=0.2)
    """The height of the letters' em square."""
    scrim: float = Field(default=0.0, ge=0, le=1)
    """How dark the plate behind the words is: 0 none (outline and shadow only), 1 black."""
    place: Literal["bottom", "top"] = "bottom"
    font: str | None = None
    """A font file's path or a family that ships with Cutroom; None for the default family."""
    mode: CaptionMode = "block"
    """Whole captions; one to three words at a time, large; or whole captions in which the word that is being spoken is
    lit up."""
    accent: str = Field(default="#FFD23F", pattern=r"^#[0-9a-fA-F]{6}$")
    """The colour of the word that is lit up. A dark one is lightened until it can be read."""
    safe: SafeArea = "default"
    """Whose buttons the words keep clear of, in frames that are watched on phones."""


class Marker(_Frozen):
    """A point worth finding again: a beat, a chapter."""

    at: Seconds
    name: str


class Timeline(_Frozen):
    """One version of the film, complete: what is seen, heard and read when."""

    schema_name: Literal["cutroom.timeline.1"] = "cutroom.timeline.1"
    format: Format
    picture: tuple[Item, ...]
    sound: tuple[SoundTrack, ...] = ()
    captions: tuple[Caption, ...] = ()
    titles: tuple[Title, ...] = ()
    caption_style: CaptionStyle = CaptionStyle()
    language: str = "en"
    title: str = ""
    markers: tuple[Marker, ...] = ()
    insets: tuple[Inset, ...] = ()
    """Pictures in the picture, over it and under the words; a later one lies over an earlier one."""
    lut: Lut | None = None
    """A look for every clip and inset. Words and plain colours stay as they are."""
    progress: Progress | None = None
    """A bar that says how much of the film is over; None for none."""

    @property
    def seconds(self) -> Fraction:
        """How long the film is: the sum of its clips and gaps (transitions add nothing)."""
        return sum((item.seconds for item in self.picture if not isinstance(item, Transition)), Fraction(0))

    @property
    def frames(self) -> int:
        """How many frames the film has."""
        return self.format.rate.frames(self.seconds)

    @model_validator(mode="after")
    def _transitions_stand_between(self) -> Self:
        items = self.picture
        if items and (isinstance(items[0], Transition) or isinstance(items[-1], Transition)):
            raise ValueError("a transition stands between two clips, not at the film's start or end")
        for one, other in pairwise(items):
            if isinstance(one, Transition) and isinstance(other, Transition):
                raise ValueError("two transitions in a row: a clip must stand between them")
        for index, item in enumerate(items):
            if isinstance(item, Transition):
                for side in (items[index - 1], items[index + 1]):
                    if side.seconds < item.seconds / 2:
                        raise ValueError(f"a transition of {item.seconds} s beside a clip of {side.seconds} s")
        return self
