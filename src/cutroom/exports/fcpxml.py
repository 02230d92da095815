"""The cut as FCPXML 1.10, for Final Cut Pro (10.6 and later), DaVinci Resolve and whatever else reads it.

Elements and their order follow Apple's document type definition of version 1.10. Pictures lie on the spine, cut to
cut, with their handles free; sounds, titles and captions hang from the picture that they begin under. Pans and zooms
are keyframes of the transform, ducking is keyframes of the volume. Every time lies on the film's own frames.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from fractions import Fraction
from xml.etree import ElementTree as Xml

from cutroom.exports.edit import Edit
from cutroom.exports.framing import Framing, boxed, framing, seen_in
from cutroom.exports.grid import Boxed, Crossing, Grid, Heard, Shot
from cutroom.exports.levels import Levels
from cutroom.exports.material import Material
from cutroom.media.kinds import Audio, Image, Media, Video
from cutroom.render.inset import rect_of
from cutroom.time import Rate
from cutroom.timeline.timeline import Caption, Clip, Title

EFFECTS = {
    "dissolve": ("Cross Dissolve", "FxPlug:4731E73A-8DAC-4113-9A30-AE85B1761265"),
    "dip": ("Fade To Color", "FxPlug:F779C565-486D-4633-8035-0374B4DB8F5C"),
    "wipe": ("Wipe", "FxPlug:857E2FBA-98DB-411B-A88C-CE6ABC1F65D8"),
    "push": ("Slide", "FxPlug:6AAB0D54-FCD8-4EBD-A62D-D352A5ED1648"),
    "title": ("Basic Title", ".../Titles.localized/Bumper:Opener.localized/Basic Title.localized/Basic Title.moti"),
}
"""Final Cut Pro's own effects by the identifiers that its exports carry; it has no push, a slide comes nearest."""

POSITION = "9999/999166631/999166633/1/100/101"
"""The key of Basic Title's position in the files that Final Cut Pro writes."""
HEIGHTS = {"centre": 0.0, "end": 0.0, "upper": 0.3, "lower_third": -0.3}
"""How far above the middle a title stands, as a part of the frame's height."""
ROLES = {"voice": "dialogue", "music": "music", "natural": "effects.natural", "effects": "effects"}
SIZES = {(1280, 720): "720p", (1920, 1080): "1080p", (3840, 2160): "3840x2160p", (4096, 2160): "4096x2160p"}
RATES = {
    Fraction(24000, 1001): "2398",
    Fraction(24): "24",
    Fraction(25): "25",
    Fraction(30000, 1001): "2997",
    Fraction(30): "30",
    Fraction(50): "50",
    Fraction(60000, 1001): "5994",
    Fraction(60): "60",
}
HOUR = 3600
"""Photographs, titles and gaps begin in the middle of two hours, so that an editor can trim them both ways."""


def fcpxml(edit: Edit, grid: Grid, material: Material, levels: Levels) -> str:
    """The text of an ``.fcpxml`` file."""
    root = _Writer(edit, grid, material, levels).document()
    Xml.indent(root, " ")
    body = Xml.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n\n{body}\n'


def time(frames: int, rate: Rate) -> str:
    """So many frames as FCPXML writes time: ``1001/30000s``, or ``5s`` when it is whole seconds.

    >>> time(7, Rate(per_second=Fraction(30000, 1001))), time(60, Rate(per_second=Fraction(30)))
    ('7007/30000s', '2s')
    """
    if rate.seconds(frames).denominator == 1:
        return f"{rate.seconds(frames)}s"
    return f"{frames * rate.per_second.denominator}/{rate.per_second.numerator}s"


def plain(text: str) -> str:
    """`text` without the control characters that XML cannot hold."""
    return "".join(char for char in text if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs", "Cn"))


def _element(tag: str, /, **about: str) -> Xml.Element:
    return Xml.Element(tag, about)


def _in(parent: Xml.Element, tag: str, /, **about: str) -> Xml.Element:
    return Xml.SubElement(parent, tag, about)


class _Writer:
    def __init__(self, edit: Edit, grid: Grid, material: Material, levels: Levels) -> None:
        self.edit, self.grid, self.material, self.levels = edit, grid, material, levels
        self.rate = grid.rate
        self.middle = self.rate.frames(Fraction(HOUR))
        self.resources = _element("resources")
        self._ids: dict[str, str] = {}
        self._styles = 0

    def document(self) -> Xml.Element:
        root = _element("fcpxml", version="1.10")
        root.append(self.resources)
        library = _in(root, "library")
        event = _in(library, "event", name=plain(self.edit.title))
        project = _in(event, "project", name=plain(self.edit.title))
        frame = self.edit.timeline.format
        sequence = _in(
            project,
            "sequence",
            format=self._format(frame.width, frame.height, frame.fps),
            duration=self._t(self.grid.frames),
            tcStart="0s",
            tcFormat="NDF",
            audioLayout="stereo",
            audioRate="48k",
        )
        spine = _in(sequence, "spine")
        for place, shot in enumerate(self.grid.shots):
            if shot.frames:
                spine.append(self._shot(shot))
            if (crossing := self.grid.crossing_after(place)) is not None:
                spine.append(self._transition(crossing))
        return root

    # ── the spine ──

    def _shot(self, shot: Shot) -> Xml.Element:
        item = shot.item
        begins = self._begins(shot)
        where = {"offset": self._t(shot.first), "start": self._t(begins), "duration": self._t(shot.frames)}
        if not isinstance(item, Clip):
            element = _element("gap", name="Gap", **where)
        elif isinstance(item.media, Image):
            element = _element("clip", name=self._name(item.media), **where)
            self._framed(element, item, shot, begins)
            whole = {"offset": "0s", "start": "0s", "duration": self._t(2 * self.middle)}
            _in(element, "video", ref=self._asset(item.media), **whole)
        else:
            name = self._name(item.media)
            about = {"format": self._format_of(item.media), "tcFormat": "NDF", "srcEnable": "video"}
            element = _element("asset-clip", ref=self._asset(item.media), name=name, **where, **about)
            self._timed(element, item.speed, item.media)
            self._framed(element, item, shot, begins)
        for anchored in self._anchored(shot, begins):
            element.append(anchored)
        for marker in self.edit.timeline.markers:
            at = self.rate.frames(marker.at)
            if shot.first <= at < shot.end:
                local = {"start": self._t(begins + at - shot.first), "duration": self._t(1)}
                _in(element, "marker", value=plain(marker.name), **local)
        return element

    def _begins(self, shot: Shot) -> int:
        """Where in its own time a shot begins; what hangs from it counts from there. Retimed sources run at film speed."""
        if not isinstance(shot.item, Clip) or shot.still:
            return self.middle
        source = shot.item.source
        return self.rate.frames(source.start / shot.item.speed) if source is not None else 0

    def _timed(self, element: Xml.Element, speed: Fraction, media: Video | Audio) -> None:
        if speed == 1:
            return
        mapped = _in(element, "timeMap")
        frames = max(1, self.rate.frames(media.seconds / speed))
        _in(mapped, "timept", time="0s", value="0s", interp="linear")
        end = self.rate.seconds(frames) * speed
        _in(mapped, "timept", time=self._t(frames), value=f"{end}s", interp="linear")

    def _framed(self, element: Xml.Element, item: Clip, shot: Shot, begins: int) -> None:
        """The part that is seen, as a conform and a transform; with keyframes when it moves."""
        self._transformed(element, framing(item, self.edit.timeline.format, shot), begins)

    def _transformed(self, element: Xml.Element, frame: Framing, begins: int) -> None:
        _in(element, "adjust-conform", type="fit")
        if frame.whole:
            return
        first, last = frame.keys[0], frame.keys[-1]
        place = {"position": first.position, "scale": first.scale}
        transform = _in(element, "adjust-transform", **place)
        if first.at == last.at:
            return
        for name in ("position", "scale"):
            param = _in(transform, "param", name=name)
            animation = _in(param, "keyframeAnimation")
            for key in frame.keys:
                how = {"interp": "ease" if frame.smooth else "linear", "curve": "linear"}
                _in(animation, "keyframe", time=self._t(begins + key.at), value=getattr(key, name), **how)

    def _transition(self, crossing: Crossing) -> Xml.Element:
        kind = crossing.transition.kind
        name, _ = EFFECTS[kind]
        where = {"offset": self._t(crossing.first), "duration": self._t(crossing.frames)}
        element = _element("transition", name=name, **where)
        _in(element, "filter-video", ref=self._effect(kind), name=name)
        return element

    # ── what hangs from a shot ──

    def _anchored(self, shot: Shot, begins: int) -> Iterator[Xml.Element]:
        """Sounds below the spine; insets, captions and titles above it, in the shot's own time."""
        for number, lane in enumerate(self.grid.lanes, 1):
            for heard in lane:
                if shot.first <= heard.first < shot.end:
                    yield self._sound(heard, -number, begins + heard.first - shot.first)
        for lane, row in enumerate(self.grid.insets, 1):
            for one in row:
                if shot.first <= one.shot.first < shot.end:
                    yield self._inset(one, lane, begins + one.shot.first - shot.first)
        yield from self._words(shot, begins)

    def _words(self, shot: Shot, begins: int) -> Iterator[Xml.Element]:
        for caption in self.edit.timeline.captions:
            first, frames = self.grid.span(caption)
            if shot.first <= first < shot.end:
                yield self._caption(caption, begins + first - shot.first, frames)
        for number, title in enumerate(self.edit.timeline.titles):
            first, frames = self.grid.span(title)
            if shot.first <= first < shot.end:
                # Titles may overlap: neighbours take turns on two lanes.
                yield self._title(title, 2 + len(self.grid.insets) + number % 2, begins + first - shot.first, frames)

    def _inset(self, one: Boxed, lane: int, offset: int) -> Xml.Element:
        """A clip that hangs over the spine, cropped to its box and put into its place."""
        clip, frame = one.inset.clip, self.edit.timeline.format
        begins = self._begins(one.shot)
        where = {"offset": self._t(offset), "start": self._t(begins), "duration": self._t(one.shot.frames)}
        if isinstance(clip.media, Image):
            element = _element("clip", lane=str(lane), name=self._name(clip.media), **where)
        else:
            about = {"format": self._format_of(clip.media), "tcFormat": "NDF", "srcEnable": "video"}
            name = self._name(clip.media)
            element = _element("asset-clip", ref=self._asset(clip.media), lane=str(lane), name=name, **where, **about)
            self._timed(element, clip.speed, clip.media)
        framed = boxed(one, frame)
        cut = seen_in(framed.keys[0], rect_of(one.inset, frame), frame, clip.media.width / clip.media.height)
        if any(cut):
            crop = _in(element, "adjust-crop", mode="trim")
            height = clip.media.width / clip.media.height * 100, 100
            parts = (part * height[place % 2] for place, part in enumerate(cut))
            _in(
                crop,
                "trim-rect",
                **{n: f"{v:.4g}" for n, v in zip(("left", "top", "right", "bottom"), parts, strict=True)},
            )
        self._transformed(element, framed, begins)
        self._faded(element, one, begins)
        if isinstance(clip.media, Image):
            whole = {"offset": "0s", "start": "0s", "duration": self._t(2 * self.middle)}
            _in(element, "video", ref=self._asset(clip.media), **whole)
        return element

    def _faded(self, element: Xml.Element, one: Boxed, begins: int) -> None:
        inset, frames = one.inset, one.shot.frames
        if not inset.fade_in and not inset.fade_out:
            return
        blend = _in(element, "adjust-blend", amount="1")
        param = _in(blend, "param", name="amount", value="1")
        for name, seconds in (("fadeIn", inset.fade_in), ("fadeOut", inset.fade_out)):
            if seconds:
                length = min(max(1, self.rate.frames(seconds)), frames)
                _in(param, name, type="easeInOut", duration=self._t(length))

    def _sound(self, heard: Heard, lane: int, offset: int) -> Xml.Element:
        sound = heard.sound
        start = self.rate.frames(heard.start / sound.speed)
        where = {"offset": self._t(offset), "start": self._t(start), "duration": self._t(heard.frames)}
        about: dict[str, str] = {"lane": str(lane), "audioRole": ROLES[heard.track.role]}
        if isinstance(sound.media, Video):
            about |= {"srcEnable": "audio", "format": self._format_of(sound.media)}
        element = _element("asset-clip", ref=self._asset(sound.media), name=self._name(sound.media), **where, **about)
        self._timed(element, sound.speed, sound.media)
        self._volume(element, heard, start)
        return element

    def _volume(self, element: Xml.Element, heard: Heard, start: int) -> None:
        gain = self.levels.gain(heard.sound, heard.track)
        down = self.levels.down(heard.track.duck, self.rate.seconds(heard.first), self.rate.seconds(heard.end))
        fades = [("fadeIn", heard.sound.fade_in), ("fadeOut", heard.sound.fade_out)]
        volume = _in(element, "adjust-volume", amount=f"{gain:g}dB")
        if not down and not any(seconds for _, seconds in fades):
            return
        param = _in(volume, "param", name="amount", value=f"{gain:g}dB")
        for name, seconds in fades:
            if seconds:
                frames = min(max(1, self.rate.frames(seconds)), heard.frames)
                _in(param, name, type="easeInOut", duration=self._t(frames))
        if down:
            animation = _in(param, "keyframeAnimation")
            # One keyframe a frame is all that there can be: the last one counts.
            by_frame = {self.rate.frames(at): decibels for at, decibels in down}
            for at, decibels in by_frame.items():
                when = self._t(start + at - heard.first)
                _in(animation, "keyframe", time=when, value=f"{gain - decibels:.2f}dB", curve="linear")

    def _caption(self, caption: Caption, offset: int, frames: int) -> Xml.Element:
        role = f"SRT?captionFormat=SRT.{self.edit.timeline.language}"
        where = {"offset": self._t(offset), "start": self._t(self.middle), "duration": self._t(frames)}
        lane = str(1 + len(self.grid.insets))
        element = _element("caption", lane=lane, name=plain(caption.text)[:80], role=role, **where)
        look = {"font": ".AppleSystemUIFont", "fontSize": "13", "fontColor": "1 1 1 1", "backgroundColor": "0 0 0 1"}
        self._text(element, "\n".join(caption.lines), look, placement=self.edit.timeline.caption_style.place)
        return element

    def _title(self, title: Title, lane: int, offset: int, frames: int) -> Xml.Element:
        words = "\n".join(part for part in (title.text, title.subtitle) if part)
        where = {"offset": self._t(offset), "start": self._t(self.middle), "duration": self._t(frames)}
        element = _element(
            "title", ref=self._effect("title"), lane=str(lane), name=plain(title.text)[:80], role="titles", **where
        )
        height = self.edit.timeline.format.height
        if HEIGHTS[title.place]:
            value = f"0 {round(HEIGHTS[title.place] * height)}"
            _in(element, "param", name="Position", key=POSITION, value=value)
        size = round(0.07 * min(height, self.edit.timeline.format.width))
        look = {
            "font": "Helvetica Neue",
            "fontSize": str(size),
            "fontColor": "1 1 1 1",
            "alignment": "center",
            "bold": "1",
        }
        self._text(element, words, look)
        return element

    def _text(self, element: Xml.Element, words: str, look: dict[str, str], **about: str) -> None:
        self._styles += 1
        style = f"ts{self._styles}"
        text = _in(element, "text", **about)
        _in(text, "text-style", ref=style).text = plain(words)
        _in(_in(element, "text-style-def", id=style), "text-style", **look)

    # ── resources ──

    def _asset(self, media: Media) -> str:
        if (known := self._ids.get(media.digest)) is not None:
            return known
        about: dict[str, str] = {"start": "0s", "duration": "0s"}
        if isinstance(media, Image | Video):
            about |= {"hasVideo": "1", "videoSources": "1", "format": self._format_of(media)}
        if isinstance(media, Video):
            about["duration"] = time(max(1, int(media.seconds * media.fps)), Rate(per_second=media.fps))
        if isinstance(media, Audio):
            about["duration"] = time(int(media.seconds * media.rate), Rate(per_second=Fraction(media.rate)))
        if isinstance(media, Audio) or (isinstance(media, Video) and media.sound):
            channels = media.channels if isinstance(media, Audio) else 2
            rate = media.rate if isinstance(media, Audio) else 48_000
            about |= {"hasAudio": "1", "audioSources": "1", "audioChannels": str(channels), "audioRate": str(rate)}
        identity = self._new(media.digest)
        asset = _in(self.resources, "asset", id=identity, name=self._name(media), **about)
        _in(asset, "media-rep", kind="original-media", src=self.material.url(media))
        return identity

    def _format_of(self, media: Image | Video) -> str:
        if isinstance(media, Video):
            return self._format(media.width, media.height, media.fps)
        key = f"still {media.width}x{media.height}"
        if key not in self._ids:
            size = {"width": str(media.width), "height": str(media.height), "colorSpace": "1-13-1"}
            # A format of a still has no frame duration: Final Cut Pro rejects one that has.
            identity = self._new(key)
            _in(self.resources, "format", id=identity, name="FFVideoFormatRateUndefined", **size)
        return self._ids[key]

    def _format(self, width: int, height: int, fps: Fraction) -> str:
        key = f"format {width}x{height} {fps}"
        if key not in self._ids:
            about = {"frameDuration": f"{fps.denominator}/{fps.numerator}s", "width": str(width), "height": str(height)}
            if (width, height) in SIZES and fps in RATES:
                about["name"] = f"FFVideoFormat{SIZES[width, height]}{RATES[fps]}"
            about["colorSpace"] = "1-1-1 (Rec. 709)"
            _in(self.resources, "format", id=self._new(key), **about)
        return self._ids[key]

    def _effect(self, kind: str) -> str:
        key = f"effect {kind}"
        if key not in self._ids:
            name, uid = EFFECTS[kind]
            _in(self.resources, "effect", id=self._new(key), name=name, uid=uid)
        return self._ids[key]

    def _new(self, key: str) -> str:
        self._ids[key] = f"r{len(self._ids) + 1}"
        return self._ids[key]

    def _name(self, media: Media) -> str:
        return plain(self.edit.name(media.digest))

    def _t(self, frames: int) -> str:
        return time(frames, self.rate)
