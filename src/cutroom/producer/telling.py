"""What a change to a film comes to, for people: one short sentence for each difference between two plans."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from cutroom.brief.brief import Brief
from cutroom.media.kinds import Image, Media, Video
from cutroom.plan.catalogue.assemble import AssembleCut, RenderFilm
from cutroom.plan.catalogue.generate import ComposeMusic, Speak
from cutroom.plan.catalogue.write import WriteCaptions, WriteScript
from cutroom.plan.plan import Change, Plan
from cutroom.plan.step import AnyStep
from cutroom.timeline.timeline import CaptionStyle, Title, Transition

MOST_LINES = 12
"""No more is told of one change."""
FOLLOWS = frozenset({"look_at_picture", "look_at_clip", "mark_film"})
"""Kinds of steps that nobody asks about: they only follow from others."""
NAMED = 4
"""So many names are listed."""


def told(change: Change, before: Plan, after: Plan, brief: Brief) -> str:
    """One difference in a short sentence; empty for one that only follows from another."""
    step = (after if change.step in after.steps else before).steps[change.step]
    if step.kind in FOLLOWS:
        return ""
    teller = _TELLERS.get(type(step))
    if change.how == "changed" and teller is not None:
        return "; ".join(_changed(teller, before.steps[change.step], step))
    if change.how != "changed":
        return f"{_named(change.step, step)}: {'no longer there' if change.how == 'dropped' else 'new'}"
    asset = _asset(after, step)
    name = _name(asset, brief) if asset else ""
    return f"{_named(change.step, step)}{f' ({name})' if name else ''}: {_fields(before.steps[change.step], step)}"


def all_told(before: Plan, after: Plan, brief: Brief) -> tuple[str, ...]:
    """Everything that is different, what matters most first, in at most `MOST_LINES` sentences.

    Which pictures are seen, in which order and for how long is told of the film, not of its steps: when one goes, every
    shot behind it is another step, and nothing but its number has changed.
    """
    first = [*_material(before, after, brief), *_length(before, after), *_order(before, after, brief)]
    shots = _durations(before, after, brief)
    rest: list[str] = []
    for change in before.diff(after):
        step = (after if change.step in after.steps else before).steps[change.step]
        if _is_shot(step) or isinstance(step, Speak | WriteCaptions | WriteScript):
            continue
        if sentence := told(change, before, after, brief):
            rest.append(sentence)
    rest += _words(before, after)
    lines = [*first, *rest, *shots, *_shot_fields(before, after, brief)]
    lines = list(dict.fromkeys(line for one in lines for line in one.split("; ") if line))
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], f"and {len(lines) - MOST_LINES + 1} smaller differences"]
    return tuple(lines)


# ── pictures and clips ──


def _material(before: Plan, after: Plan, brief: Brief) -> Iterator[str]:
    was, now = _seen(before), _seen(after)
    gone = [one for one in dict.fromkeys(was) if one not in now]
    new = [one for one in dict.fromkeys(now) if one not in was]
    if gone:
        yield f"{_names(gone, brief)} left out"
    if new:
        yield f"{_names(new, brief)} added"


def _order(before: Plan, after: Plan, brief: Brief) -> Iterator[str]:
    was = [one for one in dict.fromkeys(_seen(before)) if one in _seen(after)]
    now = [one for one in dict.fromkeys(_seen(after)) if one in was]
    if was == now:
        return
    if len(now) > 2 and now == was[::-1]:
        yield "order: the other way round"
        return
    listed = ", ".join(_name(one, brief) for one in now[:NAMED])
    yield f"order: {listed}{' …' if len(now) > NAMED else ''}"


def _length(before: Plan, after: Plan) -> Iterator[str]:
    was, now = _seconds(before), _seconds(after)
    if was is not None and now is not None and was != now:
        yield f"length: {_s(now)} instead of {_s(was)}"


def _durations(before: Plan, after: Plan, brief: Brief) -> list[str]:
    """How long each picture or clip is seen, where that is another length; one sentence for all when all changed."""
    was, now = dict(_times(before)), dict(_times(after))
    changed = [
        (one, was[one], seconds)
        for one, seconds in now.items()
        if one in was and abs(was[one] - seconds) >= Fraction(1, 10)
    ]
    longer = sum(1 for _, old, new in changed if new > old)
    if len(changed) > NAMED:
        return [f"shots: {longer} longer, {len(changed) - longer} shorter"]
    places = {identity: place for place, identity in reversed(list(enumerate(_seen(after), 1)))}
    return [f"shot {places[one]} ({_name(one, brief)}): {_s(new)} instead of {_s(old)}" for one, old, new in changed]


def _shot_fields(before: Plan, after: Plan, brief: Brief) -> Iterator[str]:
    """What else changed of shots of the same picture: how the frame moves, which moment of a clip."""
    was = {_asset(before, shot): shot for shot in _shots(before)}
    found: dict[str, list[str]] = {}
    for shot in _shots(after):
        asset = _asset(after, shot)
        old = was.get(asset)
        if asset is None or old is None or type(old) is not type(shot):
            continue
        names = ("motion", "part")
        for name in names:
            value = getattr(shot, name, None)
            if value != getattr(old, name, None):
                label = (
                    f"frame moves: {str(value).replace('_', ' ')}" if name == "motion" else "another moment of the clip"
                )
                found.setdefault(label, []).append(asset)
    for label, assets in found.items():
        yield f"{_names(assets, brief)}: {label}" if len(assets) <= NAMED else f"{len(assets)} shots: {label}"


def _shots(plan: Plan) -> list[AnyStep]:
    cut = _cut(plan)
    return [plan.steps[shot.id] for shot in cut.shots if shot.id in plan.steps] if cut else []


def _cut(plan: Plan) -> AssembleCut | None:
    return next((step for step in plan.steps.values() if isinstance(step, AssembleCut)), None)


def _is_shot(step: AnyStep) -> bool:
    return step.kind in ("frame_picture", "pick_moment")


def _seen(plan: Plan) -> list[str]:
    """What the shots show, in order: ids of assets, or of what makes the picture."""
    return [asset for shot in _shots(plan) if (asset := _asset(plan, shot))]


def _times(plan: Plan) -> Iterator[tuple[str, Fraction]]:
    for shot in reversed(_shots(plan)):
        asset, seconds = _asset(plan, shot), getattr(shot, "seconds", None)
        if asset and isinstance(seconds, Fraction):
            yield asset, seconds


def _asset(plan: Plan, step: AnyStep) -> str | None:
    """The picture or clip that a shot shows."""
    for wire in step.wires():
        media: type[Media] | None = type(plan.assets[wire.id]) if wire.id in plan.assets else None
        made = plan.steps[wire.id].makes if wire.id in plan.steps else None
        if (media or made) in (Image, Video):
            return wire.id
    return None


def _seconds(plan: Plan) -> Fraction | None:
    lengths = [getattr(shot, "seconds", None) for shot in _shots(plan)]
    cut = _cut(plan)
    if cut is None or not lengths or not all(isinstance(length, Fraction) for length in lengths):
        return None
    return sum((length for length in lengths if length is not None), cut.ending)


def _name(identity: str, brief: Brief) -> str:
    return next((asset.name for asset in brief.assets if asset.id == identity), identity)


def _names(ids: Sequence[str], brief: Brief) -> str:
    named = [_name(one, brief) for one in ids[:NAMED]]
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return (", ".join(named[:-1]) + " and " + named[-1] if len(named) > 1 and not more else ", ".join(named)) + more


# ── words ──


def _words(before: Plan, after: Plan) -> Iterator[str]:
    """Narration and captions: how much of them there is, not when each is said."""
    was, now = _of(before, Speak), _of(after, Speak)
    if bool(was) != bool(now):
        yield "narration: " + (f"{len(now)} lines are read" if now else "none")
    elif was and [one.text for one in was] != [one.text for one in now]:
        gone = [one.text for one in was if one.text not in {other.text for other in now}]
        new = [one.text for one in now if one.text not in {other.text for other in was}]
        parts = (
            [f"“{_short(gone[0])}” is not said" if len(gone) == 1 else f"{len(gone)} lines are not said"]
            if gone
            else []
        )
        parts += [f"“{_short(new[0])}” is said" if len(new) == 1 else f"{len(new)} lines are new"] if new else []
        yield "narration: " + (", ".join(parts) or "in another order")
    for one, other in list(zip(was, now, strict=False))[:1]:
        yield from _speech(one, other)
    captions = bool(_of(before, WriteCaptions)), bool(_of(after, WriteCaptions))
    if captions[0] != captions[1]:
        yield "captions: " + ("written" if captions[1] else "none")
    scripts = _of(before, WriteScript), _of(after, WriteScript)
    if scripts[0] and scripts[1] and scripts[0][0].language != scripts[1][0].language:
        yield f"language: {scripts[1][0].language} instead of {scripts[0][0].language}"


def _speech(one: Speak, other: Speak) -> Iterator[str]:
    if one.pace != other.pace:
        yield f"narration: read {'faster' if other.pace > one.pace else 'slower'}"
    if one.voice != other.voice:
        yield f"voice: {other.voice or 'the best there is'} instead of {one.voice or 'the best there is'}"


def _of(plan: Plan, kind: type[Any]) -> list[Any]:
    return [step for step in plan.steps.values() if isinstance(step, kind)]


# ── one step ──


def _music(before: AnyStep, after: AnyStep) -> Iterator[str]:
    assert isinstance(before, ComposeMusic) and isinstance(after, ComposeMusic)
    if before.mood != after.mood:
        yield f"music: {after.mood} instead of {before.mood}"
    elif before.seed != after.seed:
        yield f"music: another {after.mood} piece"
    elif before.seconds != after.seconds:
        yield f"music: composed for {_s(after.seconds)}"
    else:
        yield "music: " + ("leaves room for a voice" if after.under_voice else "fuller, as nobody speaks")


def _assembled(before: AnyStep, after: AnyStep) -> Iterator[str]:
    assert isinstance(before, AssembleCut) and isinstance(after, AssembleCut)
    if before.format != after.format:
        yield (
            f"format: {after.format.width}×{after.format.height} instead of "
            f"{before.format.width}×{before.format.height}"
        )
    yield from _titled(before.titles, after.titles)
    kinds = _kinds(before.transitions), _kinds(after.transitions)
    if kinds[0] != kinds[1] and kinds[1]:
        yield f"transitions: {', '.join(kinds[1])} instead of {', '.join(kinds[0]) or 'none'}"
    for name, part in (("music_gain", "music"), ("voice_gain", "voice"), ("natural_gain", "the clips' own sound")):
        louder = getattr(after, name) - getattr(before, name)
        if louder:
            yield f"{part}: {abs(louder):g} dB {'louder' if louder > 0 else 'quieter'}"
    if before.music != after.music and (
        before.music is None or after.music is None or "music" not in (before.music.id, after.music.id)
    ):
        yield (
            "music: none"
            if after.music is None
            else "music: there is music again"
            if before.music is None
            else "music: another piece"
        )
    if before.natural != after.natural:
        yield f"the clips' own sound is {'heard' if after.natural else 'not heard'}"
    yield from _captions(before.caption_style, after.caption_style)
    if before.progress != after.progress:
        yield "a progress bar" if after.progress else "no progress bar"
    if before.match != after.match:
        yield f"light and colour of neighbouring shots are {'matched' if after.match else 'left as they are'}"
    if len(before.over) != len(after.over):
        yield "a picture in the picture" if after.over else "no picture in the picture"


def _titled(before: Sequence[Title], after: Sequence[Title]) -> Iterator[str]:
    was, now = [title.text for title in before], [title.text for title in after]
    gone, new = [one for one in was if one not in now], [one for one in now if one not in was]
    for one, other in zip(gone, new, strict=False):
        yield f"title: “{_short(other)}” instead of “{_short(one)}”"
    yield from (f"title: “{_short(one)}” is gone" for one in gone[len(new) :])
    yield from (f"title: “{_short(one)}”" for one in new[len(gone) :])


def _kinds(transitions: Iterable[Transition | None]) -> list[str]:
    names = {"dissolve": "crossfades", "dip": "dips to black", "wipe": "wipes", "push": "pushes", None: "plain cuts"}
    return sorted({names.get(one.kind if one else None, one.kind if one else "plain cuts") for one in transitions})


def _captions(before: CaptionStyle, after: CaptionStyle) -> Iterator[str]:
    if before.mode != after.mode:
        yield f"captions: {after.mode} instead of {before.mode}"
    if before.burn != after.burn:
        yield f"captions: {'drawn into the picture' if after.burn else 'not in the picture'}"
    if before.size != after.size:
        yield f"captions: {'larger' if after.size > before.size else 'smaller'}"
    if before.place != after.place:
        yield f"captions: at the {after.place}"


def _rendered(before: AnyStep, after: AnyStep) -> Iterator[str]:
    assert isinstance(before, RenderFilm) and isinstance(after, RenderFilm)
    names = [
        name
        for name in ("codec", "loudness", "true_peak", "crf", "preset", "hardware")
        if getattr(before, name) != getattr(after, name)
    ]
    yield from (f"film: {name} {getattr(after, name)} instead of {getattr(before, name)}" for name in names)


_Teller = Callable[[AnyStep, AnyStep], Iterator[str]]
_TELLERS: dict[type[AnyStep], _Teller] = {ComposeMusic: _music, AssembleCut: _assembled, RenderFilm: _rendered}


def _changed(teller: _Teller, before: AnyStep, after: AnyStep) -> Iterator[str]:
    if type(before) is not type(after):
        yield f"{after.kind.replace('_', ' ')} instead of {before.kind.replace('_', ' ')}"
        return
    yield from teller(before, after)


def _named(identity: str, step: AnyStep) -> str:
    words = {"compose_music": "music", "write_captions": "captions", "write_script": "script", "speak": "narration"}
    return words.get(step.kind, identity)


def _fields(before: AnyStep, after: AnyStep) -> str:
    if type(before) is not type(after):
        return f"{after.kind.replace('_', ' ')} instead of {before.kind.replace('_', ' ')}"
    names = [name for name in type(after).model_fields if getattr(after, name) != getattr(before, name)]
    return ", ".join(
        f"{name.replace('_', ' ')} {_value(getattr(after, name))} instead of {_value(getattr(before, name))}"
        for name in names[:2]
    )


def _value(value: object) -> str:
    if isinstance(value, Fraction):
        return _s(value)
    return _short(str(value)) if isinstance(value, str | int | float) or value is None else "another one"


def _s(seconds: Fraction) -> str:
    return f"{float(seconds):.1f} s"


def _short(text: str) -> str:
    return text if len(text) <= 48 else f"{text[:47].rstrip()}…"
