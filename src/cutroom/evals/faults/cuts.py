"""Faults of a cut: a timeline goes in, and comes out with one thing wrong.

A faulty cut is either what is judged itself, beside what it was to be assembled of; or a film is rendered from it and held
against the true one, as if the renderer had lost or shifted something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from numpy.random import Generator

from cutroom.evals.task import NotApplicable
from cutroom.time import Span, from_float
from cutroom.timeline.timeline import Clip, Gap, Sound, SoundTrack, Timeline, Transition

Harmed = tuple[Timeline, Span | None]
CutFault = Callable[[Timeline, float, Generator], Harmed]


def title_gone(timeline: Timeline, share: float, rng: Generator) -> Harmed:
    """The film's title is up for only the rest of its time when `share` of it is gone."""
    if not timeline.titles:
        raise NotApplicable("the film has no title")
    title, *others = timeline.titles
    left = title.seconds * (1 - Fraction(share).limit_denominator(100))
    kept = [title.model_copy(update={"seconds": left, "fade": min(title.fade, left / 3)})] if left > 0 else []
    gone = Span(start=title.start + left, length=title.seconds - left)
    return timeline.model_copy(update={"titles": (*kept, *others)}), gone


def captions_gone(timeline: Timeline, share: float, rng: Generator) -> Harmed:
    """This share of the captions is not there."""
    shown = _captions(timeline)
    count = max(1, round(share * len(shown)))
    first = int(rng.integers(len(shown) - count + 1))
    gone = shown[first : first + count]
    return _with_captions(timeline, [one for one in shown if one not in gone]), _over(gone)


def no_captions(timeline: Timeline, share: float, rng: Generator) -> Harmed:
    """Not one caption."""
    return _with_captions(timeline, []), _over(_captions(timeline))


def captions_late(timeline: Timeline, seconds: float, rng: Generator) -> Harmed:
    """All captions come too late."""
    by = from_float(seconds)
    later = [
        one.model_copy(update={"start": one.start + by, "words": tuple(_moved(word, by) for word in one.words)})
        for one in _captions(timeline)
        if one.start + one.seconds + by <= timeline.seconds
    ]
    if not later:
        raise NotApplicable("there is no room for a late caption")
    return _with_captions(timeline, later), _over(timeline.captions)


def captions_small(timeline: Timeline, share: float, rng: Generator) -> Harmed:
    """Captions are smaller than they should be by this share."""
    _captions(timeline)
    return _with_style(timeline, size=max(0.011, timeline.caption_style.size * (1 - share))), _over(timeline.captions)


def captions_large(timeline: Timeline, times: float, rng: Generator) -> Harmed:
    """Captions are so many times as large as they should be, so that words have no room."""
    _captions(timeline)
    return _with_style(timeline, size=min(0.199, timeline.caption_style.size * times)), _over(timeline.captions)


def voice_gone(timeline: Timeline, share: float, rng: Generator) -> Harmed:
    """This share of the spoken lines is not heard."""
    track = _track(timeline, "voice")
    count = max(1, round(share * len(track.sounds)))
    first = int(rng.integers(len(track.sounds) - count + 1))
    gone = track.sounds[first : first + count]
    left = tuple(one for one in track.sounds if one not in gone)
    return _with_track(timeline, track, left), _over_sounds(gone)


def voice_quiet(timeline: Timeline, decibels: float, rng: Generator) -> Harmed:
    """The voice is so many decibels too quiet beside the rest."""
    track = _track(timeline, "voice")
    if not any(other.role != "voice" for other in timeline.sound):
        raise NotApplicable("nothing but the voice is heard: mastering makes it as loud again")
    return _with_track(timeline, track, track.sounds, gain=track.gain - decibels), _over_sounds(track.sounds)


def voice_late(timeline: Timeline, seconds: float, rng: Generator) -> Harmed:
    """All spoken lines come too late: captions and pictures are ahead of them."""
    track, by = _track(timeline, "voice"), from_float(seconds)
    moved = tuple(one.model_copy(update={"start": one.start + by}) for one in track.sounds)
    return _with_track(timeline, track, moved), _over_sounds(track.sounds)


def voices_over_each_other(timeline: Timeline, share: float, rng: Generator) -> Harmed:
    """A spoken line begins when only the rest of the one before is still to be said: so much of that is talked over."""
    track = _track(timeline, "voice")
    if len(track.sounds) < 2:
        raise NotApplicable("there is only one spoken line")
    place = int(rng.integers(len(track.sounds) - 1))
    one, other = track.sounds[place], track.sounds[place + 1]
    start = one.start + one.source.length * (1 - Fraction(share).limit_denominator(100))
    moved = other.model_copy(update={"start": start})
    sounds = (*track.sounds[: place + 1], moved, *track.sounds[place + 2 :])
    return _with_track(timeline, track, sounds), Span(start=start, length=one.start + one.source.length - start)


def music_over_voice(timeline: Timeline, decibels: float, rng: Generator) -> Harmed:
    """Music does not go down under the voice, and is so many decibels louder besides."""
    voice, track = _track(timeline, "voice"), _track(timeline, "music")
    return _with_track(timeline, track, track.sounds, gain=track.gain + decibels, duck=0.0), _over_sounds(voice.sounds)


def music_gone(timeline: Timeline, share: float, rng: Generator) -> Harmed:
    """Music is not heard for the last `share` of the film; it fades before."""
    track = _track(timeline, "music")
    end = timeline.seconds * (1 - Fraction(share).limit_denominator(100))
    left = tuple(_ended(one, end, Fraction(1, 4)) for one in track.sounds if one.start < end - Fraction(1, 2))
    return _with_track(timeline, track, left), Span(start=end, length=timeline.seconds - end)


def music_breaks_off(timeline: Timeline, seconds: float, rng: Generator) -> Harmed:
    """Music stops at once so long before the end, in the middle of a note."""
    track = _track(timeline, "music")
    end = max(one.start + one.source.length / one.speed for one in track.sounds)
    stop = end - from_float(seconds)
    if stop <= Fraction(1, 2):
        raise NotApplicable("the film is too short for it")
    left = tuple(_ended(one, stop, Fraction(0)) for one in track.sounds if one.start < stop)
    return _with_track(timeline, track, left), Span(start=stop, length=end - stop)


# ── what only the cut itself shows ───────────────────────────────────────────────────────────────────────────────────


def shots_swapped(timeline: Timeline, share: float, rng: Generator) -> Harmed:
    """Two shots have changed places: neighbours, others, or the first and the last."""
    places = _places(timeline)
    apart = max(1, round(share * (len(places) - 1)))
    first = int(rng.integers(len(places) - apart))
    one, other = places[first], places[first + apart]
    items = list(timeline.picture)
    long, short = timeline.picture[one], timeline.picture[other]
    if not isinstance(long, Clip) or not isinstance(short, Clip) or long.media.digest == short.media.digest:
        raise NotApplicable("both show the same")
    items[one], items[other] = _at_the_length_of(short, long), _at_the_length_of(long, short)
    return _with_picture(timeline, items), None


def shot_gone(timeline: Timeline, share: float, rng: Generator) -> Harmed:
    """A shot is not there: another one lasts as much longer, for this share of it."""
    places = _places(timeline)
    first = int(rng.integers(len(places) - 1))
    items = list(timeline.picture)
    one, other = items[places[first]], items[places[first + 1]]
    assert isinstance(one, Clip) and isinstance(other, Clip)
    if one.media.digest == other.media.digest:
        raise NotApplicable("both show the same")
    items[places[first + 1]] = _at_the_length_of(one, other)
    start = sum((item.seconds for item in items[: places[first + 1]] if not isinstance(item, Transition)), Fraction(0))
    return _with_picture(timeline, items), Span(start=start, length=other.seconds)


def shot_too_long(timeline: Timeline, seconds: float, rng: Generator) -> Harmed:
    """A shot lasts too long, and the film with it."""
    places = [place for place, item in enumerate(timeline.picture) if isinstance(item, Clip | Gap)]
    place = places[int(rng.integers(len(places)))]
    item = timeline.picture[place]
    longer = _lasting(item, item.seconds + timeline.format.rate.snap(from_float(seconds)))
    return _with_picture(timeline, [*timeline.picture[:place], longer, *timeline.picture[place + 1 :]]), None


def another_frame(timeline: Timeline, share: float, rng: Generator) -> Harmed:
    """The cut is made for a frame that is smaller by this share."""
    form = timeline.format
    size = {"width": 2 * round(form.width * (1 - share) / 2), "height": 2 * round(form.height * (1 - share) / 2)}
    return timeline.model_copy(update={"format": form.model_copy(update=size)}), None


def overexposed(timeline: Timeline, stops: float, rng: Generator) -> Harmed:
    """All shots are too bright by so many stops, and the words over them have neither plate nor shadow to stand on."""
    _places(timeline, least=1)
    items = [
        item.model_copy(
            update={"grade": item.grade.model_copy(update={"exposure": min(2.0, item.grade.exposure + stops)})}
        )
        if isinstance(item, Clip)
        else item
        for item in timeline.picture
    ]
    return _with_style(_with_picture(timeline, items), scrim=0.0), None


# ── what they share ──────────────────────────────────────────────────────────────────────────────────────────────────


def _captions(timeline: Timeline) -> list[Any]:
    if not timeline.captions or not timeline.caption_style.burn:
        raise NotApplicable("no captions belong in the picture")
    return list(timeline.captions)


def _moved(word: Any, by: Fraction) -> Any:
    return word.model_copy(update={"start": word.start + by})


def _with_captions(timeline: Timeline, captions: Iterable[Any]) -> Timeline:
    return timeline.model_copy(update={"captions": tuple(captions)})


def _with_style(timeline: Timeline, **style: Any) -> Timeline:
    return timeline.model_copy(update={"caption_style": timeline.caption_style.model_copy(update=style)})


def _with_picture(timeline: Timeline, items: Iterable[Any]) -> Timeline:
    return Timeline.model_validate({**dict(timeline), "picture": tuple(items)})


def _track(timeline: Timeline, role: str) -> SoundTrack:
    for track in timeline.sound:
        if track.role == role and track.sounds:
            return track
    raise NotApplicable(f"there is no {role} in it")


def _with_track(timeline: Timeline, track: SoundTrack, sounds: tuple[Sound, ...], **more: Any) -> Timeline:
    other = track.model_copy(update={"sounds": sounds, **more})
    tracks = [(other if one is track else one) for one in timeline.sound]
    return timeline.model_copy(update={"sound": tuple(one for one in tracks if one.sounds)})


def _ended(sound: Sound, end: Fraction, fade: Fraction) -> Sound:
    length = min(sound.source.length, max(Fraction(1, 100), (end - sound.start) * sound.speed))
    source = sound.source.model_copy(update={"length": length})
    return sound.model_copy(update={"source": source, "fade_out": fade})


def _over(captions: Iterable[Any]) -> Span | None:
    some = list(captions)
    if not some:
        return None
    end = max(one.start + one.seconds for one in some)
    return Span(start=some[0].start, length=end - some[0].start)


def _over_sounds(sounds: Iterable[Sound]) -> Span | None:
    some = sorted(sounds, key=lambda one: one.start)
    if not some:
        return None
    end = max(one.start + one.source.length / one.speed for one in some)
    return Span(start=some[0].start, length=end - some[0].start)


def _places(timeline: Timeline, least: int = 2) -> list[int]:
    """Where in the picture track the shots stand."""
    found = [place for place, item in enumerate(timeline.picture) if isinstance(item, Clip)]
    if len(found) < least:
        raise NotApplicable("the film has too few shots")
    return found


def _lasting(item: Clip | Gap | Transition, seconds: Fraction) -> Any:
    more: dict[str, Any] = {"seconds": seconds}
    if isinstance(item, Clip) and item.source is not None:
        more["source"] = item.source.model_copy(update={"length": seconds * item.speed})
    return item.model_copy(update=more)


def _at_the_length_of(shot: Clip, other: Clip) -> Any:
    return _lasting(shot, other.seconds)
