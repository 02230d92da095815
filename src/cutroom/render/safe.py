"""Where words may stand: the parts of a frame that no edge, button or app's caption covers.

| area | top | bottom | left | right | from |
|---|---|---|---|---|---|
| wide frames | 8 % | 8 % | 6 % | 6 % | the safe title area of SMPTE ST 2046-1, a little more below |
| tall frames | 12 % | 19 % | 7 % | 7 % | what the phones' players have in common |
| reels | 14 % | 35 % | 6 % | 6 % | Meta Business Help Centre, safe zones of Reels ads (2026) |
| shorts | 15 % | 35 % | 4.5 % | 17.8 % | Google Ads Help, vertical video: 288, 672, 48 and 192 of 1080×1920 pixels (2026) |
| tiktok | 11.5 % | 26 % | 6 % | 14 % | TikTok publishes templates and no numbers: what its guides agree on (2026) |

The platforms give these numbers for advertisements, which carry more buttons than other films: they are on the safe
side. A frame that is not tall is shown on a phone between black bars, where nothing covers it, so platforms matter to tall
frames only.
"""

from __future__ import annotations

from dataclasses import dataclass

from cutroom.timeline.timeline import Format, SafeArea

TALL = 0.8
"""Frames narrower than this (width divided by height) are watched on phones."""
COVERED = 0.65
"""Frames narrower than this fill a phone's screen, so that the app's own buttons lie over them."""


@dataclass(frozen=True)
class Margins:
    """What words keep clear of, as parts of the frame's height (top, bottom) and width (left, right)."""

    top: float
    bottom: float
    left: float
    right: float

    @property
    def room(self) -> float:
        """How wide a centred line may be, as a part of the frame's width."""
        return 1 - 2 * max(self.left, self.right)


WIDE = Margins(0.08, 0.08, 0.06, 0.06)
UPRIGHT = Margins(0.08, 0.08, 0.07, 0.07)
PHONE = Margins(0.12, 0.19, 0.07, 0.07)
SHORTS = Margins(0.15, 0.35, 0.045, 0.178)
PLATFORMS = {
    "default": PHONE,
    "youtube": SHORTS,
    "shorts": SHORTS,
    "tiktok": Margins(0.115, 0.26, 0.06, 0.14),
    "reels": Margins(0.14, 0.35, 0.06, 0.06),
}


def margins(form: Format, area: SafeArea = "default") -> Margins:
    """What words in a frame of this shape keep clear of."""
    if form.aspect >= TALL:
        return WIDE
    return PLATFORMS[area] if form.aspect < COVERED else UPRIGHT
