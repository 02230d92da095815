"""The assembled cut: does everything lie where it belongs, and can its words be read over its pictures?

| check | bound | from |
|---|---|---|
| `cannot_be_decoded` | the bytes are a timeline | |
| `wrong_length` | within half a frame of its shots and its ending together | |
| `wrong_size` | it has the frame that was asked | |
| `sound_outside` | sounds begin and end within the film, but for a frame | |
| `voices_overlap` | two spoken lines share at most 0.05 s | |
| `voice_missing`, `music_missing`, `captions_missing` | what was handed over is in it | |
| `caption_outside`, `captions_overlap` | as in `checks.text` | |
| `shots_out_of_order` | its shots are those that it was given, in their order, each as long as it was | |
| `voice_out_of_step` | a spoken line begins where it was placed, but for a frame | |
| `title_missing` | titles are up as long as they were to be, but for a frame | |
| `not_as_asked` | captions look as they were to look; sounds have the levels that they were given | |
| `voice_masked` | under a voice, music goes down, and is not turned up | |
| `overexposed` | no shot is corrected by more than 1 stop | |
| `off_screen` | words lie within the frame | |
| `low_contrast` | 3 between letters and what is right behind and beside them | WCAG 2.2, 1.4.3 (AA, large type) |

Contrast is measured on the picture as it is rendered, with outline, shadow and plate, in the middle of at most 12
captions and 4 titles, evenly spread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import pairwise

from pydantic import ValidationError

from cutroom.judge.checks import text
from cutroom.judge.checks.timelines import frame_of, opened, spread
from cutroom.judge.evidence import Evidence, clock, found, gathered, measured, unmeasured
from cutroom.media.kinds import Cut, Media
from cutroom.media.store import Store
from cutroom.plan.catalogue.assemble import AssembleCut
from cutroom.plan.facts import Captions
from cutroom.render.captions import contrast_over, draw, lay_out
from cutroom.render.ink import block_of
from cutroom.render.picture import Compositor
from cutroom.timeline.timeline import Caption, Clip, Timeline, Title

LEAST_CONTRAST = 3.0
MOST_STOPS = 1.0
LEVEL = 0.5
"""In decibels."""
LEAST_DUCK = 3.0
MOST_CAPTIONS = 12
MOST_TITLES = 4
TOUCH = Fraction(1, 20)
SHORT_SIDE = 540
"""Contrast is measured on frames whose shorter side is at most this many pixels; letters scale with the frame."""
EDGE = 2
"""Pixels by which ink may reach over the frame's edge: sub-pixel rounding."""


def assembled(step: AssembleCut, media: Cut, inputs: Mapping[str, Media], store: Store) -> Evidence:
    """Does the cut hold what it was made of, in its place, readable?"""
    timeline = opened(media, store)
    if isinstance(timeline, Evidence):
        return timeline
    frame = 1 / timeline.format.fps
    return gathered(
        (
            _length(step, timeline, inputs),
            gathered(_sounds(timeline, frame)),
            gathered(_missing(step, timeline, inputs, store)),
            gathered(_as_given(step, timeline, inputs, store)),
            text.in_time(timeline.captions, timeline.seconds),
            _on_screen(timeline),
            contrast(timeline, store),
        )
    )


def contrast(timeline: Timeline, store: Store) -> Evidence:
    """The contrast of captions and titles against the picture behind them, where it is weakest."""
    small = _small(timeline)
    words = _sampled(small)
    if not words:
        return unmeasured("contrast", "no words are drawn into the picture")
    evidence, least = Evidence(), 21.0
    with Compositor(small, store, None) as compositor:
        for what in words:
            number = min(small.format.rate.frames(what.start + what.seconds / 2), small.frames - 1)
            ratio = contrast_over(compositor.rgb(number), draw(small, what))
            least = min(least, ratio)
            if ratio < LEAST_CONTRAST:
                says = f"{_named(what)} has a contrast of {ratio:.1f} with what lies behind (at least {LEAST_CONTRAST})"
                evidence += found("low_contrast", says, what.start, what.seconds)
    return measured(contrast=least) + evidence


def _length(step: AssembleCut, timeline: Timeline, inputs: Mapping[str, Media]) -> Evidence:
    evidence = measured(seconds=float(timeline.seconds), frames=timeline.frames)
    if shots := [item.seconds for item in timeline.picture if isinstance(item, Clip)]:
        evidence += measured(shots=len(shots), shortest_shot_s=float(min(shots)))
    if timeline.format != step.format:
        says = f"the cut is made for {frame_of(timeline.format)}, asked for: {frame_of(step.format)}"
        evidence += found("wrong_size", says)
    known = [shot.seconds for ref in step.shots if isinstance(shot := inputs.get(ref.id), Cut)]
    if len(known) < len(step.shots):
        return evidence + unmeasured("wrong_length", "how long some of its shots are is not known")
    wanted = sum(known, step.ending)
    if abs(timeline.seconds - wanted) > 1 / timeline.format.fps / 2:
        evidence += found("wrong_length", f"the cut is {clock(timeline.seconds)} long, its parts {clock(wanted)}")
    return evidence


def _sounds(timeline: Timeline, frame: Fraction) -> Iterator[Evidence]:
    for track in timeline.sound:
        for sound in track.sounds:
            end = sound.start + sound.source.length / sound.speed
            if sound.start < -frame or end > timeline.seconds + frame:
                heard = f"{clock(sound.start)} to {clock(end)} of a film of {clock(timeline.seconds)}"
                says = f"{track.role} {sound.name!r} is heard from {heard}"
                yield found("sound_outside", says, sound.start, end - sound.start)
    voices = [sound for track in timeline.sound if track.role == "voice" for sound in track.sounds]
    voices.sort(key=lambda sound: sound.start)
    for one, other in pairwise(voices):
        both = one.start + one.source.length / one.speed - other.start
        if both > TOUCH:
            says = f"the spoken line {other.name!r} begins {clock(both)} before {one.name!r} has ended"
            yield found("voices_overlap", says, other.start, both)


def _missing(step: AssembleCut, timeline: Timeline, inputs: Mapping[str, Media], store: Store) -> Iterator[Evidence]:
    heard = {sound.media.digest for track in timeline.sound for sound in track.sounds}
    for placed in step.voice:
        if (voice := inputs.get(placed.sound.id)) and voice.digest not in heard:
            yield found("voice_missing", f"the spoken line {placed.sound.id} is not in the cut", placed.start)
    if step.music and (music := inputs.get(step.music.id)) and music.digest not in heard:
        yield found("music_missing", "the music is not in the cut")
    if step.captions and (asked := _captions(inputs.get(step.captions.id), store)) > len(timeline.captions):
        yield found("captions_missing", f"{asked} captions were handed over, {len(timeline.captions)} are in the cut")


def _as_given(step: AssembleCut, timeline: Timeline, inputs: Mapping[str, Media], store: Store) -> Iterator[Evidence]:
    frame = 1 / timeline.format.fps
    yield from _shots_as_given(step, timeline, inputs, store, frame)
    begins: dict[str, list[Fraction]] = {}
    for sound in (one for track in timeline.sound if track.role == "voice" for one in track.sounds):
        begins.setdefault(sound.media.digest, []).append(sound.start)
    for placed in step.voice:
        voice = inputs.get(placed.sound.id)
        starts = begins.get(voice.digest, []) if voice is not None else []
        if starts and not any(abs(start - placed.start) <= frame for start in starts):
            says = f"the spoken line {placed.sound.id} begins at {clock(starts[0])}, not at {clock(placed.start)}"
            yield found("voice_out_of_step", says, placed.start, abs(starts[0] - placed.start))
    for title in step.titles:
        up = [
            other for other in timeline.titles if other.text == title.text and abs(other.start - title.start) <= frame
        ]
        if not any(other.seconds >= title.seconds - frame for other in up):
            seen = f"only {clock(up[0].seconds)} of {clock(title.seconds)}" if up else "not at all"
            yield found("title_missing", f"the title {title.text!r} is up {seen}", title.start, title.seconds)
    if timeline.captions and timeline.caption_style != step.caption_style:
        yield found("not_as_asked", "captions do not look as they were to look")
    yield from _levels(step, timeline)


def _shots_as_given(
    step: AssembleCut, timeline: Timeline, inputs: Mapping[str, Media], store: Store, frame: Fraction
) -> Iterator[Evidence]:
    given = [_first_clip(inputs.get(ref.id), store) for ref in step.shots]
    shown = [item for item in timeline.picture if isinstance(item, Clip)]
    if None in given or len(given) != len(shown):
        return
    now = Fraction(0)
    for wanted, clip in zip(given, shown, strict=True):
        if wanted is not None and clip.media.digest != wanted.media.digest:
            says = f"at {clock(now)} the cut shows {clip.name!r} where {wanted.name!r} was to be"
            yield found("shots_out_of_order", says, now, clip.seconds)
        elif wanted is not None and abs(clip.seconds - wanted.seconds) > frame / 2:
            says = f"the shot {clip.name!r} is {clock(clip.seconds)} long, not {clock(wanted.seconds)}"
            yield found("wrong_length", says, now, clip.seconds)
        now += clip.seconds
    worst = max(shown, key=lambda clip: abs(clip.grade.exposure), default=None)
    if worst is not None and abs(worst.grade.exposure) > MOST_STOPS:
        says = f"the shot {worst.name!r} is corrected by {worst.grade.exposure:.1f} stops (at most {MOST_STOPS})"
        yield found("overexposed", says)


def _first_clip(media: Media | None, store: Store) -> Clip | None:
    """What a shot shows; None when that is not known."""
    if not isinstance(media, Cut):
        return None
    shot = opened(media, store)
    if isinstance(shot, Evidence) or len(shot.picture) != 1 or not isinstance(shot.picture[0], Clip):
        return None
    return shot.picture[0]


def _levels(step: AssembleCut, timeline: Timeline) -> Iterator[Evidence]:
    """Gains are those that were asked for, and under a voice music goes down."""
    asked = {"music": step.music_gain, "voice": step.voice_gain}
    spoken = any(track.role == "voice" and track.sounds for track in timeline.sound)
    for track in timeline.sound:
        if track.role in asked and abs(track.gain - asked[track.role]) > LEVEL:
            says = f"the {track.role} has {track.gain:+.0f} dB, asked for: {asked[track.role]:+.0f} dB"
            yield found("voice_masked" if spoken and track.gain > asked[track.role] else "not_as_asked", says)
        if track.role == "music" and spoken and track.duck < LEAST_DUCK:
            says = f"music goes down by {track.duck:.0f} dB under the voice (at least {LEAST_DUCK:.0f})"
            yield found("voice_masked", says)


def _captions(media: Media | None, store: Store) -> int:
    """How many captions `media` holds; 0 when it can't be read, which is the captions' own fault."""
    if media is None:
        return 0
    try:
        return len(Captions.model_validate_json(store.path(media).read_bytes()).captions)
    except ValidationError:
        return 0


def _on_screen(timeline: Timeline) -> Evidence:
    captions = timeline.captions if timeline.caption_style.burn else ()
    return gathered(_off_screen(timeline, what) for what in (*captions, *timeline.titles))


def _off_screen(timeline: Timeline, what: Caption | Title) -> Evidence:
    layout = lay_out(timeline, what)
    if layout.left_out:
        says = f"{_named(what)} has no room for {layout.left_out} of its words"
        return found("off_screen", says, what.start, what.seconds)
    if not layout.placed:
        return Evidence()
    left, top, right, bottom = block_of(layout.placed)
    over = max(-left, -top, right - timeline.format.width, bottom - timeline.format.height)
    if over <= EDGE:
        return Evidence()
    says = f"{_named(what)} reaches {over:.0f} pixels over the frame's edge"
    return found("off_screen", says, what.start, what.seconds)


def _sampled(timeline: Timeline) -> tuple[Caption | Title, ...]:
    captions = timeline.captions if timeline.caption_style.burn else ()
    inside = [
        what
        for what in (*spread(captions, MOST_CAPTIONS), *spread(timeline.titles, MOST_TITLES))
        if 0 <= what.start + what.seconds / 2 < timeline.seconds
    ]
    return tuple(sorted(inside, key=lambda what: what.start))


def _small(timeline: Timeline) -> Timeline:
    """The same film in a small frame of the same shape."""
    frame = timeline.format
    factor = SHORT_SIDE / min(frame.width, frame.height)
    if factor >= 1:
        return timeline
    width, height = (2 * max(1, round(side * factor / 2)) for side in (frame.width, frame.height))
    return timeline.model_copy(update={"format": frame.model_copy(update={"width": width, "height": height})})


def _named(what: Caption | Title) -> str:
    if isinstance(what, Caption):
        return f"the caption {text.shows(what)!r}"
    return f"the title {what.text[: text.QUOTED]!r}"
