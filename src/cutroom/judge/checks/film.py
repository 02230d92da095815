"""The finished film: is it sound as a file, as long as asked, does it show and play what its cut says?

| check | bound | from |
|---|---|---|
| `cannot_be_decoded` | the bytes are a film with at least one frame | |
| `stream` | H.264 High, yuv420p (or as asked), BT.709 limited, constant rate, index first; AAC, 48 kHz, stereo | plays anywhere |
| `wrong_size`, `frame_count`, `wrong_length` | the cut's frame and number of frames; 0.1 s | |
| `drift` | picture and sound are equally long, but for one frame (or one AAC frame, 21 ms) | |
| `black` | 0.5 s where the cut has no gap, fade, dip or black picture | |
| `frozen` | 2.5 s where the cut has no still | |
| `judder` | 0.5 s of frames shown twice, outside of clips (whose own rate may cause it) | |
| `flicker` | three flashes a second | WCAG 2.2, 2.3.1; ITU-R BT.1702 |
| `repeated` | 1.5 s of one shot seen again in another, moving the same way | |
| `not_as_cut` | the middle of a shot correlates with its picture by at least 0.5 | |
| `softer_than_source` | at least 0.35 of the picture's fine detail, seen 960 wide | encoding may cost a third |
| `not_as_composed` | every frame is what its cut composes to | see `checks.composed` |
| `sound_not_as_cut`, `channels`, `out_of_step` | what is heard is what its cut mixes to | see `checks.mixed` |
| `captions_not_drawn` | captions that belong in the picture are there | |
| `no_sound`, `silent` | sound where the cut has some | |
| `silence` | 2 s below -60 dBFS while there is music | |
| `clipping` | 0.1 % of samples in flat tops | |
| `loudness` | 0.5 LU from what was asked | ITU-R BS.1770-4 |
| `true_peak` | what was asked, and 0.05 dB which a meter may be off | ITU-R BS.1770-4, annex 2 |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from cutroom.brief.brief import Codec
from cutroom.errors import BadInput
from cutroom.judge.checks import composed, fidelity, mixed
from cutroom.judge.checks.reel import PictureStream, Reel, SoundStream, read
from cutroom.judge.checks.repetition import repeated
from cutroom.judge.checks.timelines import frame_of, left_over, meant_plain, meant_still, opened, placed, shared
from cutroom.judge.evidence import Evidence, clock, found, found_in, gathered, measured, unmeasured
from cutroom.measures import sound as hearing
from cutroom.measures import video as watching
from cutroom.media import sound as sounds
from cutroom.media.kinds import Media, Video
from cutroom.media.store import Store
from cutroom.plan.catalogue.assemble import SUFFIXES, RenderFilm
from cutroom.time import Span
from cutroom.timeline.timeline import Clip, Gap, Timeline

RATE = 48_000
LENGTH = Fraction(1, 10)
AAC_FRAME = Fraction(1024, RATE)
BLACK_FOR = Fraction(1, 2)
FROZEN_FOR = Fraction(5, 2)
JUDDER_FOR = Fraction(1, 2)
WINDOW = Fraction(1, 2)
REPEATED_FOR = Fraction(3, 2)
SILENCE_FOR = Fraction(2)
SILENCE = -60.0
CLIPPED = 0.001
LOUDNESS = 0.5
METER = 0.05
LEVELS = frozenset({"loudness"})
"""Checks of the sound as a whole."""
BT709 = 1
STREAMS: dict[Codec, tuple[str, tuple[str, ...], str]] = {
    "h264": ("h264", ("High",), "yuv420p"),
    "hevc": ("hevc", ("Main",), "yuv420p"),
    "av1": ("av1", ("Main",), "yuv420p"),
    "vp9": ("vp9", ("Profile 0",), "yuv420p"),
    "prores": ("prores", ("Standard", "HQ"), "yuv422p10le"),
}
"""By codec: what a decoder's name has in it (AV1 is read by libdav1d), the profiles, the pixels."""
SOUNDS = {".mp4": "aac", ".webm": "opus", ".mov": "pcm"}
"""By the film's name: what the sound's decoder has in its name."""
PLAINER = {"ultrafast": ("Constrained Baseline",)}
"""Profiles besides High that a preset stands for: x264 leaves out what makes High at its fastest."""


def film(step: RenderFilm, media: Video, inputs: Mapping[str, Media], store: Store) -> Evidence:
    """All checks of a finished film, against the cut that it was rendered from."""
    cut = inputs.get(step.cut.id)
    timeline = opened(cut, store) if cut is not None else unmeasured("as_cut", "the cut is not there")
    path = store.path(media)
    beside = composed.opened(timeline, store) if isinstance(timeline, Timeline) else timeline
    try:
        reel = _read(path, timeline, beside)
    except BadInput as error:
        return found("cannot_be_decoded", f"cannot be decoded: {error.reason}")
    evidence = measured(seconds=float(reel.seconds), frames=reel.frames) + gathered(_stream(reel, step))
    if isinstance(timeline, Evidence):
        return evidence + _sound(step, path, reel, None) + unmeasured("as_cut", "the cut behind it cannot be read")
    picture = gathered((gathered(_length(reel, timeline)), gathered(_seen(reel, timeline, store))))
    picture += fidelity.as_cut(reel, timeline, store)
    sound = _sound(step, path, reel, timeline)
    if not isinstance(beside, Evidence):
        picture = _or_else(picture, composed.as_composed(reel, beside, step.crf))
    if reel.sound is not None:
        sound = _or_else(sound, mixed.as_mixed(path, timeline, store))
    return evidence + picture + sound


def _or_else(named: Evidence, general: Evidence) -> Evidence:
    """Both, but for the general findings where something has a name already: one fault is told once.

    That the level as a whole is wrong explains nothing of what is heard when.
    """
    explained = any(finding.check not in LEVELS for finding in named.findings)
    return named + (replace(general, findings=()) if explained else general)


def _read(path: Path, timeline: Timeline | Evidence, beside: composed.Beside | Evidence) -> Reel:
    """The film, read once, with everything that its cut lets it be compared with."""
    if isinstance(timeline, Evidence) or isinstance(beside, Evidence):
        return read(path, () if isinstance(timeline, Evidence) else fidelity.wanted(timeline))
    try:
        return read(path, fidelity.wanted(timeline) | composed.wanted(timeline), beside)
    finally:
        beside.close()


def _stream(reel: Reel, step: RenderFilm) -> Iterator[Evidence]:
    for says in (*_picture_faults(reel.picture, step), *_sound_faults(reel.sound, SOUNDS[SUFFIXES[step.codec]])):
        yield found("stream", says)
    if not reel.constant:
        yield found("stream", "its frames do not all last equally long (a constant frame rate is wanted)")
    if not reel.index_first and SUFFIXES[step.codec] != ".webm":
        yield found("stream", "its index (moov) does not lie before its media: it cannot play while it loads")


def _picture_faults(picture: PictureStream, step: RenderFilm) -> Iterator[str]:
    named, profiles, pixels = STREAMS[step.codec]
    plainer = PLAINER.get(step.preset, ()) if step.codec == "h264" else ()
    # An encoder in hardware has profiles of its own.
    if named not in picture.codec or not (step.hardware or picture.profile in (*profiles, *plainer)):
        yield f"its picture is {picture.codec} {picture.profile}, not {named} {profiles[0]}"
    if picture.pixels != pixels:
        yield f"its pixels are {picture.pixels}, not {pixels}"
    for what, value in (("primaries", picture.primaries), ("transfer", picture.transfer), ("matrix", picture.matrix)):
        if value != BT709:
            yield f"its colour {what} are tagged {value}, not 1 (BT.709)"
    if picture.colour_range not in (0, 1):
        yield "its luma is tagged full range, not limited"


def _sound_faults(sound: SoundStream | None, codec: str) -> Iterator[str]:
    if sound is not None and (codec not in sound.codec or (sound.rate, sound.channels) != (RATE, 2)):
        said = f"its sound is {sound.codec} with {sound.channels} channels at {sound.rate} Hz"
        yield f"{said}, not {codec.upper()} stereo at {RATE}"


def _length(reel: Reel, timeline: Timeline) -> Iterator[Evidence]:
    size = (reel.picture.width, reel.picture.height)
    wanted = (timeline.format.width, timeline.format.height)
    if size != wanted or reel.picture.rate != timeline.format.fps:
        says = f"the film is {size[0]}x{size[1]} at {reel.picture.rate}, the cut {frame_of(timeline.format)}"
        yield found("wrong_size", says)
    if reel.frames != timeline.frames:
        yield found("frame_count", f"the film has {reel.frames} frames, the cut {timeline.frames}")
    if abs(reel.seconds - timeline.seconds) > LENGTH:
        yield found("wrong_length", f"the film is {clock(reel.seconds)} long, the cut {clock(timeline.seconds)}")


def _seen(reel: Reel, timeline: Timeline, store: Store) -> Iterator[Evidence]:
    looks, end = reel.looks, reel.seconds
    dark, frozen = watching.black(looks, end, BLACK_FOR), watching.frozen(looks, end, FROZEN_FOR)
    plain = left_over(dark, meant_plain(timeline), BLACK_FOR)
    still = left_over(frozen, (*meant_still(timeline), *dark), FROZEN_FOR)
    # Pictures are opened only when there is something to excuse.
    excused = fidelity.featureless(timeline, store) if plain or still else ()
    for part in left_over(plain, excused, BLACK_FOR):
        yield found_in("black", f"the film is black for {_when(part)}", part)
    for part in left_over(still, excused, FROZEN_FOR):
        yield found_in("frozen", f"nothing moves for {_when(part)}", part)
    footage = [place.span for place in placed(timeline) if _is_footage(place.item)]
    uneven = [*frozen, *dark, *meant_still(timeline), *meant_plain(timeline), *footage]
    for part in left_over(watching.repeated(looks, end, JUDDER_FOR), [_grown(span) for span in uneven], JUDDER_FOR):
        yield found_in("judder", f"frames are shown twice for {_when(part)}", part)
    for part in watching.flicker(looks, end):
        yield found_in("flicker", f"the picture flickers for {_when(part)}", part)
    for one, other in repeated(reel.thumbnails, reel.picture.rate, _shots(reel, timeline), REPEATED_FOR):
        says = f"what was seen at {clock(one.start)} is shown again for {_when(other)}"
        yield found_in("repeated", says, other)


def _grown(span: Span) -> Span:
    """With half a second on either side: judder is measured over a window of that reach."""
    return Span(start=span.start - WINDOW, length=span.length + 2 * WINDOW)


def _is_footage(item: Clip | Gap) -> bool:
    return isinstance(item, Clip) and isinstance(item.media, Video)


def _when(part: Span) -> str:
    return f"{clock(part.length)} from {clock(part.start)} on"


def _shots(reel: Reel, timeline: Timeline) -> Sequence[int]:
    """For each frame the number of the clip or gap that it belongs to."""
    numbers = np.zeros(reel.frames, int)
    for number, place in enumerate(placed(timeline)):
        numbers[timeline.format.rate.frames(place.span.start) :] = number
    return [int(number) for number in numbers]


def _sound(step: RenderFilm, path: Path, reel: Reel, timeline: Timeline | None) -> Evidence:
    meant = timeline is not None and any(track.sounds for track in timeline.sound)
    if reel.sound is None:
        silent = unmeasured("loudness_lufs", "it has no sound")
        return found("no_sound", "the cut has sound, the film has none") if meant else silent
    meter = hearing.Meter(RATE, clipping=True, quiet=SILENCE)
    try:
        meter.hear_all(sounds.blocks(path, rate=RATE))
    except BadInput as error:
        return found("cannot_be_decoded", f"its sound cannot be decoded: {error.reason}")
    if not meant and meter.true_peak is None:
        return unmeasured("loudness_lufs", "its sound is silent, as the cut has none")
    evidence = _drift(reel, meter.seconds) + _levels(step, meter.loudness)
    share = meter.clipped
    if share > CLIPPED:
        evidence += found("clipping", f"{100 * share:.1f} % of its samples are clipped (at most {100 * CLIPPED:.1f} %)")
    silent = "loudness_lufs" not in evidence.scores
    return evidence if silent or timeline is None else evidence + _holes(meter, timeline)


def _drift(reel: Reel, seconds: Fraction) -> Evidence:
    apart = abs(seconds - reel.seconds)
    evidence = measured(sound_s=float(seconds))
    if apart > max(1 / reel.picture.rate, AAC_FRAME):
        evidence += found(
            "drift",
            f"its sound is {float(seconds):.3f} s long, its picture {float(reel.seconds):.3f} s "
            f"(at most one frame apart)",
        )
    return evidence


def _levels(step: RenderFilm, loudness: hearing.Loudness) -> Evidence:
    if loudness.integrated is None or loudness.true_peak is None:
        return found("silent", "nothing in it is louder than -70 LUFS, although the cut has sound")
    evidence = measured(loudness_lufs=loudness.integrated, true_peak_dbtp=loudness.true_peak)
    if abs(loudness.integrated - step.loudness) > LOUDNESS:
        evidence += found(
            "loudness",
            f"its loudness is {loudness.integrated:.1f} LUFS, asked for: {step.loudness:.1f} (within {LOUDNESS})",
        )
    if loudness.true_peak > step.true_peak + METER:
        evidence += found("true_peak", f"its true peak is {loudness.true_peak:.2f} dBTP (at most {step.true_peak})")
    return evidence


def _holes(meter: hearing.Meter, timeline: Timeline) -> Evidence:
    """Silence under which the cut has music."""
    music = [
        Span(start=sound.start, length=sound.source.length / sound.speed)
        for track in timeline.sound
        if track.role == "music"
        for sound in track.sounds
    ]
    quiet = meter.silences(SILENCE_FOR)
    inside = [part for one in quiet for other in music if (part := shared(one, other)) and part.length > SILENCE_FOR]
    return gathered(
        found_in("silence", f"the film is silent for {_when(part)}, although there is music", part) for part in inside
    )
