"""Where a film is going, and what is known of the place: frame, length, loudness, the app's own buttons. Pure data.

As of November 2026. Platforms publish few of these numbers; a number that nobody publishes is Cutroom's own default, and
`source` says so. Safe areas are numbers of `cutroom.render.safe`, known here by name only.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Name = Literal["youtube", "shorts", "tiktok", "reels", "x", "podcast", "web"]


@dataclass(frozen=True, kw_only=True)
class Destination:
    """What a place wants. None: it says nothing, so nothing changes."""

    shape: str | None = None
    """The frame, when neither an option nor the words say another."""
    most: Fraction | None = None
    """How long a film may be there, in seconds."""
    loudness: float = -14.0
    """In LUFS."""
    true_peak: float = -1.0
    """In dBTP."""
    safe: Literal["default", "youtube", "shorts", "tiktok", "reels"] = "default"
    """Whose buttons the words keep clear of."""
    thumbnail: tuple[int, int] | None = None
    """Width and height of a picture to show for it, in pixels."""
    thumbnail_bytes: int | None = None
    """The most that it may take."""
    chapters: bool = False
    """Whether a list of chapters in the description is understood."""
    source: str
    """Where the numbers are from."""


DESTINATIONS: dict[Name, Destination] = {
    "youtube": Destination(
        shape="16:9",
        most=Fraction(12 * 3600),
        safe="youtube",
        thumbnail=(1280, 720),
        thumbnail_bytes=2_000_000,
        chapters=True,
        source="YouTube Help: upload recommendations, upload videos longer than 15 minutes (12 hours, for verified accounts), "
        "custom thumbnails (1280×720, 2 MB on phones), video chapters. -14 LUFS is what its player is seen to turn down to; "
        "YouTube does not publish it.",
    ),
    "shorts": Destination(
        shape="9:16",
        most=Fraction(180),
        safe="shorts",
        thumbnail=(1080, 1920),
        thumbnail_bytes=2_000_000,
        source="YouTube Help: three-minute Shorts (since October 2024). Loudness: as YouTube's.",
    ),
    "tiktok": Destination(
        shape="9:16",
        most=Fraction(600),
        safe="tiktok",
        thumbnail=(1080, 1920),
        source="TikTok Business Help Centre, in-feed ads (July 2025): 9:16, 540×960 at least, up to 10 minutes. Loudness and "
        "cover: not published, Cutroom's default.",
    ),
    "reels": Destination(
        shape="9:16",
        most=Fraction(180),
        safe="reels",
        thumbnail=(1080, 1920),
        source="Instagram takes longer reels, but shows those of more than 3 minutes to followers only (its Help Centre, as "
        "reported in 2026). Loudness: not published, Cutroom's default.",
    ),
    "x": Destination(
        shape="16:9",
        most=Fraction(140),
        thumbnail=(1280, 720),
        source="X Help: 140 seconds and 512 MB without a subscription, 1920×1200 at most. Loudness: not published, "
        "Cutroom's default.",
    ),
    "podcast": Destination(
        shape="16:9",
        loudness=-16.0,
        thumbnail=(3000, 3000),
        source="Apple Podcasts for Creators: audio requirements (-16 LUFS ±1, -1 dBTP), artwork (1400 to 3000 pixels, square).",
    ),
    "web": Destination(
        shape="16:9",
        thumbnail=(1280, 720),
        source="No place in particular: Cutroom's defaults.",
    ),
}
"""By name."""

CHAPTERS_LEAST = 3
"""YouTube Help, video chapters: at least three, the first at 0:00, in order."""
CHAPTER_SECONDS = 10
"""…and each at least ten seconds long."""
