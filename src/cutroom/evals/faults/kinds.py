"""Which faults there are: how each is planted, how strong, in which step, and which findings name it.

Strengths are chosen so that an attentive viewer just notices the weak one, most notice the middle one, and everybody the
strong one; what they are measured in stands with each fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cutroom.evals.faults import cuts, heard, pictures, takes
from cutroom.plan.catalogue.assemble import AssembleCut, RenderFilm
from cutroom.plan.catalogue.edit import FramePicture, PickMoment
from cutroom.plan.catalogue.generate import ComposeMusic, Speak
from cutroom.plan.catalogue.write import WriteCaptions, WriteScript
from cutroom.plan.step import AnyStep

Strength = Literal["weak", "middle", "strong"]
STRENGTHS: tuple[Strength, ...] = ("weak", "middle", "strong")

DIFFERS = ("not_as_composed",)
"""The film differs from its cut: says where and by how much, and so names any fault of the picture."""
HEARD = ("sound_not_as_cut",)
"""The same of the sound."""


@dataclass(frozen=True)
class Kind:
    """One kind of fault."""

    name: str
    about: str
    """In words, with `{}` for the strength."""
    step: type[AnyStep]
    """The kind of step whose take is faulty, and which is to be blamed."""
    way: Literal["picture", "sound", "rendered", "cut", "take"]
    """How it is planted: in the film's frames or samples, by rendering another cut, in the cut, or in another take."""
    plant: object
    """The function, as `way` wants it."""
    doses: tuple[float, float, float]
    """Weak, middle, strong."""
    named: tuple[str, ...]
    """The checks whose findings say what the matter is."""

    def dose(self, strength: str) -> float:
        """How much of it there is."""
        return self.doses[STRENGTHS.index(strength)]  # pyright: ignore[reportArgumentType]


def _film(name: str, about: str, plant: pictures.PictureFault, doses: tuple[float, float, float], *named: str) -> Kind:
    return Kind(name, about, RenderFilm, "picture", plant, doses, (*named, *DIFFERS))


def _sound(name: str, about: str, plant: heard.SoundFault, doses: tuple[float, float, float], *named: str) -> Kind:
    return Kind(name, about, RenderFilm, "sound", plant, doses, (*named, *HEARD))


def _rendered(name: str, about: str, plant: cuts.CutFault, doses: tuple[float, float, float], *named: str) -> Kind:
    return Kind(name, about, RenderFilm, "rendered", plant, doses, named)


def _cut(name: str, about: str, plant: cuts.CutFault, doses: tuple[float, float, float], *named: str) -> Kind:
    return Kind(name, about, AssembleCut, "cut", plant, doses, named)


def _take(
    step: type[AnyStep], name: str, about: str, plant: takes.TakeFault, doses: tuple[float, float, float], *named: str
) -> Kind:
    return Kind(name, about, step, "take", plant, doses, named)


KINDS: tuple[Kind, ...] = (
    # ── the film's picture ──
    _film("black", "black for {:g} s", pictures.black, (0.2, 0.6, 1.5), "black"),
    _film("frozen", "frozen for {:g} s", pictures.frozen, (0.5, 1.0, 2.5), "frozen", "judder"),
    _film("flicker", "light flickers by {:.0%}", pictures.flicker, (0.06, 0.15, 0.35), "flicker"),
    _film("blur", "blurred by {:.2%} of the width", pictures.blur, (0.002, 0.004, 0.010), "softer_than_source"),
    _film("blocking", "squares of 8 pixels, {:.0%}", pictures.blocking, (0.3, 0.6, 0.9), "softer_than_source"),
    _film("banding", "{:g} levels are left", pictures.banding, (24, 12, 6)),
    _film("noise", "grain of {:g} of 255", pictures.noise, (6, 12, 24)),
    _film("wrong_aspect", "squeezed by {:.0%}", pictures.wrong_aspect, (0.06, 0.12, 0.25)),
    _film("upside_down", "{:.0%} of a shot stands on its head", pictures.upside_down, (0.25, 0.5, 1.0), "not_as_cut"),
    _film("mirrored", "{:.0%} of a shot is mirrored", pictures.mirrored, (0.25, 0.5, 1.0), "not_as_cut"),
    _film("colour_range", "{:.0%} of limited range taken for full", pictures.colour_range, (0.3, 0.6, 1.0)),
    _film("crushed", "{:.0%} of full range taken for limited", pictures.crushed, (0.3, 0.6, 1.0)),
    _film("wrong_colours", "hues turned by {:g} degrees", pictures.wrong_colours, (8, 20, 60)),
    _film("grey", "{:.0%} of all colour gone", pictures.grey, (0.3, 0.6, 1.0)),
    _film("dark", "a shot is {:g} stops too dark", pictures.dark, (0.35, 0.8, 1.6)),
    _film("tearing", "torn by {:.1%} of the width", pictures.tearing, (0.01, 0.03, 0.1)),
    _film("jitter", "jumps by {:.1%} of the width", pictures.jitter, (0.002, 0.005, 0.015)),
    _film("stutter", "hangs for {:g} s at a join", pictures.stutter, (0.15, 0.3, 0.6), "frozen", "judder"),
    _film("judder", "{:.0%} of the frames twice", pictures.judder, (0.1, 0.2, 0.5), "judder"),
    _film("reversed", "runs backwards for {:g} s", pictures.reversed_, (0.5, 1.0, 2.0)),
    _film(
        "duplicated",
        "{:.0%} of a shot is the one before",
        pictures.duplicated,
        (0.3, 0.6, 1.0),
        "repeated",
        "not_as_cut",
    ),
    _film("swapped", "{:.0%} of two shots changed places", pictures.swapped, (0.3, 0.6, 1.0), "not_as_cut"),
    _film(
        "dropped", "{:.0%} of a shot dropped", pictures.dropped, (0.1, 0.5, 1.0), "wrong_length", "frame_count", "drift"
    ),
    _film(
        "cut_short",
        "the picture ends {:g} s early",
        pictures.cut_short,
        (0.1, 0.5, 1.0),
        "wrong_length",
        "frame_count",
        "drift",
    ),
    _film("wrong_size", "{:.0%} smaller than asked", pictures.wrong_size, (0.1, 0.25, 0.5), "wrong_size"),
    _film("damaged", "{:.0%} of the frame are squares of noise", pictures.damaged, (0.01, 0.05, 0.25)),
    _film("bars", "a black edge of {:.1%}", pictures.bars, (0.006, 0.015, 0.04)),
    _film("ghost", "another shot shines through by {:.0%}", pictures.ghost, (0.08, 0.2, 0.5)),
    _film("cropped", "{:.0%} lost on every side", pictures.cropped, (0.02, 0.05, 0.12), "not_as_cut"),
    # ── the film's sound ──
    _sound("hum", "hum of {:g} dBFS", heard.hum, (-44, -36, -26), "hum"),
    _sound("hiss", "noise of {:g} dBFS", heard.hiss, (-50, -42, -32), "noise"),
    _sound("dropouts", "three holes of {:g} s", heard.dropouts, (0.04, 0.1, 0.3), "silence"),
    _sound("clicks", "six clicks of {:g}", heard.clicks, (0.15, 0.35, 0.8), "clicks"),
    _sound("clipped", "clipped by {:g} dB", heard.clipped, (4, 8, 14), "clipping"),
    _sound("too_quiet", "{:g} dB too quiet", heard.louder, (1, 3, 8), "loudness"),
    _sound("one_side", "right channel {:g} dB too quiet", heard.one_side, (3, 8, 60), "loudness", "channels"),
    _sound(
        "out_of_phase", "{:.0%} with the right channel turned over", heard.out_of_phase, (0.3, 0.6, 1.0), "channels"
    ),
    _sound("late_sound", "all sound {:g} s late", heard.late, (0.06, 0.15, 0.4), "out_of_step"),
    _sound(
        "sound_breaks_off", "all sound ends {:g} s early", heard.breaks_off, (0.3, 0.8, 2.0), "abrupt_end", "silence"
    ),
    _sound("stuck", "60 ms again and again for {:g} s", heard.stuck, (0.2, 0.5, 1.0)),
    _sound("too_fast", "{:.1%} too fast", heard.too_fast, (0.01, 0.03, 0.08), "out_of_step"),
    _sound("muffled", "nothing above {:g} Hz", heard.muffled, (5000, 3000, 1500)),
    _sound("true_peak", "peaks {:g} dB over the ceiling", heard.peaks, (0.4, 0.8, 2.0), "true_peak"),
    # ── what the renderer lost or shifted ──
    _rendered(
        "title_missing",
        "the title goes after {:.0%} less time",
        cuts.title_gone,
        (0.4, 0.7, 1.0),
        *DIFFERS,
        "title_not_drawn",
    ),
    _rendered(
        "captions_missing",
        "{:.0%} of the captions not drawn",
        cuts.captions_gone,
        (0.1, 0.4, 1.0),
        *DIFFERS,
        "captions_not_drawn",
    ),
    _rendered(
        "captions_late",
        "captions drawn {:g} s late",
        cuts.captions_late,
        (0.15, 0.4, 1.0),
        *DIFFERS,
        "captions_not_drawn",
    ),
    _rendered(
        "captions_small",
        "captions {:.0%} too small",
        cuts.captions_small,
        (0.15, 0.3, 0.6),
        *DIFFERS,
        "captions_not_drawn",
    ),
    _rendered(
        "voice_missing",
        "{:.0%} of the lines not heard",
        cuts.voice_gone,
        (0.1, 0.5, 1.0),
        *HEARD,
        "voice_missing",
        "no_sound",
    ),
    _rendered("voice_quiet", "voice {:g} dB too quiet", cuts.voice_quiet, (4, 8, 16), *HEARD, "voice_masked"),
    _rendered("voice_late", "voice {:g} s late", cuts.voice_late, (0.15, 0.3, 0.8), *HEARD, "out_of_step"),
    _rendered(
        "voice_masked",
        "music {:g} dB louder, and not ducked",
        cuts.music_over_voice,
        (3, 8, 16),
        *HEARD,
        "voice_masked",
    ),
    _rendered(
        "music_missing",
        "music missing for the last {:.0%}",
        cuts.music_gone,
        (0.3, 0.6, 0.9),
        *HEARD,
        "music_missing",
        "silence",
    ),
    _rendered(
        "music_breaks_off",
        "music stops {:g} s before its end",
        cuts.music_breaks_off,
        (0.5, 1.0, 2.0),
        *HEARD,
        "abrupt_end",
        "silence",
    ),
    # ── the cut ──
    _cut(
        "cut_title_missing",
        "title gone for {:.0%} of its time",
        cuts.title_gone,
        (0.4, 0.7, 1.0),
        "title_missing",
        "not_as_asked",
    ),
    _cut(
        "cut_captions_missing",
        "{:.0%} of the captions missing",
        cuts.captions_gone,
        (0.1, 0.4, 1.0),
        "captions_missing",
    ),
    _cut(
        "cut_captions_large",
        "captions {:g} times too large",
        cuts.captions_large,
        (1.8, 2.6, 4.0),
        "off_screen",
        "not_as_asked",
    ),
    _cut("cut_voice_missing", "{:.0%} of the lines missing", cuts.voice_gone, (0.1, 0.5, 1.0), "voice_missing"),
    _cut("cut_voice_late", "lines {:g} s late", cuts.voice_late, (0.1, 0.3, 0.8), "voice_out_of_step", "sound_outside"),
    _cut(
        "cut_voices_overlap",
        "{:.0%} of a line talked over",
        cuts.voices_over_each_other,
        (0.1, 0.3, 0.7),
        "voices_overlap",
        "voice_out_of_step",
    ),
    _cut(
        "cut_music_loud", "music {:g} dB too loud under the voice", cuts.music_over_voice, (6, 12, 20), "voice_masked"
    ),
    _cut(
        "cut_shots_swapped",
        "two shots changed places, {:.0%} apart",
        cuts.shots_swapped,
        (0.0, 0.5, 1.0),
        "shots_out_of_order",
    ),
    _cut(
        "cut_shot_dropped",
        "a shot replaced by the one before",
        cuts.shot_gone,
        (0.3, 0.6, 1.0),
        "shots_out_of_order",
        "shot_missing",
    ),
    _cut("cut_too_long", "a shot {:g} s too long", cuts.shot_too_long, (0.1, 0.5, 2.0), "wrong_length"),
    _cut("cut_wrong_format", "the frame {:.0%} too small", cuts.another_frame, (0.1, 0.25, 0.5), "wrong_size"),
    _cut(
        "cut_overexposed",
        "all shots {:g} stops too bright",
        cuts.overexposed,
        (0.7, 1.3, 2.0),
        "low_contrast",
        "overexposed",
    ),
    # ── words ──
    _take(
        WriteCaptions,
        "captions_too_fast",
        "captions up {:.0%} too short",
        takes.captions_too_fast,
        (0.5, 0.65, 0.8),
        "captions_too_fast",
        "caption_too_brief",
    ),
    _take(
        WriteCaptions,
        "captions_out_of_step",
        "captions {:g} s late",
        takes.captions_out_of_step,
        (0.3, 0.6, 1.2),
        "captions_out_of_step",
        "caption_outside",
        "captions_not_as_said",
    ),
    _take(
        WriteCaptions,
        "captions_lost",
        "{:.0%} of the captions missing",
        takes.captions_missing,
        (0.1, 0.4, 0.9),
        "captions_not_as_said",
        "captions_missing",
    ),
    _take(
        WriteCaptions,
        "captions_too_wide",
        "{:.0%} of the captions on one line",
        takes.captions_too_wide,
        (0.1, 0.5, 1.0),
        "caption_too_wide",
    ),
    _take(
        WriteCaptions,
        "captions_other_language",
        "{:.0%} of the captions in German",
        takes.captions_other_language,
        (0.1, 0.5, 1.0),
        "captions_not_as_said",
        "wrong_language",
    ),
    _take(
        WriteCaptions,
        "captions_misspelt",
        "{:g} letters of a name wrong",
        takes.captions_misspelt,
        (1, 2, 3),
        "captions_not_as_said",
    ),
    _take(
        WriteCaptions,
        "captions_overlap",
        "captions {:g} s into the next",
        takes.captions_overlap,
        (0.1, 0.4, 1.0),
        "captions_overlap",
    ),
    _take(
        WriteScript,
        "script_misspelt",
        "{:g} letters of a name wrong",
        takes.script_misspelt,
        (1, 2, 3),
        "misspelt_name",
    ),
    _take(
        WriteScript,
        "script_other_language",
        "{:.0%} of the lines in German",
        takes.script_other_language,
        (0.3, 0.6, 1.0),
        "wrong_language",
    ),
    _take(
        WriteScript,
        "script_too_long",
        "{:g} times the words",
        takes.script_too_long,
        (1.5, 2.5, 4),
        "script_too_long",
        "repeated_line",
    ),
    # ── voices and music ──
    _take(
        Speak,
        "speech_truncated",
        "the last {:.0%} of a line missing",
        takes.truncated,
        (0.15, 0.35, 0.7),
        "speech_truncated",
        "word_times",
    ),
    _take(
        Speak,
        "speech_hole",
        "{:.0%} of a line silent",
        takes.silent_inside,
        (0.15, 0.3, 0.6),
        "words_unheard",
        "silence_inside",
    ),
    _take(Speak, "speech_clipped", "clipped by {:g} dB", takes.clipped, (6, 12, 20), "clipping"),
    _take(Speak, "speech_too_quiet", "{:g} dB too quiet", takes.too_quiet, (15, 30, 60), "too_quiet", "silent"),
    _take(
        Speak,
        "speech_another_line",
        "{:.0%} of another line",
        takes.another_line,
        (1.0, 0.9, 0.8),
        "other_words",
        "speech_truncated",
        "speech_drags",
    ),
    _take(
        ComposeMusic, "music_truncated", "the last {:.0%} missing", takes.truncated, (0.05, 0.2, 0.5), "wrong_length"
    ),
    _take(ComposeMusic, "music_hole", "{:.0%} of it silent", takes.silent_inside, (0.1, 0.2, 0.4), "silence_inside"),
    _take(ComposeMusic, "music_clipped", "clipped by {:g} dB", takes.clipped, (6, 12, 20), "clipping"),
    _take(ComposeMusic, "music_too_quiet", "{:g} dB too quiet", takes.too_quiet, (15, 25, 40), "too_quiet", "silent"),
    _take(
        ComposeMusic,
        "music_abrupt",
        "its last {:g} s missing",
        takes.breaks_off,
        (0.5, 1.2, 2.5),
        "abrupt_end",
        "trailing_silence",
        "wrong_length",
    ),
    _take(
        ComposeMusic, "beats_wrong", "beats {:.0%} of a beat late", takes.beats_wrong, (0.15, 0.3, 0.5), "beat_times"
    ),
    # ── framings ──
    _take(
        FramePicture,
        "too_close",
        "only {:.0%} of the framing left",
        takes.too_close,
        (0.6, 0.4, 0.2),
        "upscaled",
        "too_little_seen",
    ),
    _take(
        FramePicture,
        "off_subject",
        "{:.0%} of the way past the subject",
        takes.off_subject,
        (0.5, 0.8, 1.0),
        "focus_lost",
        "face_lost",
        "head_cut",
        "too_little_seen",
    ),
    _take(FramePicture, "head_cut", "{:.0%} of a face cut off", takes.head_cut, (0.05, 0.25, 0.6), "head_cut"),
    _take(
        FramePicture,
        "moves_too_fast",
        "moves {:.0%} of the width",
        takes.moves_too_fast,
        (0.3, 0.5, 0.7),
        "move_too_fast",
    ),
    _take(FramePicture, "shot_too_short", "{:.0%} too short", takes.shot_too_short, (0.1, 0.3, 0.6), "wrong_length"),
    _take(
        PickMoment,
        "outside_clip",
        "{:g} s over the clip's end",
        takes.outside_clip,
        (0.1, 0.5, 2.0),
        "outside_source",
        "cannot_be_decoded",
    ),
)

BY_NAME: Mapping[str, Kind] = {kind.name: kind for kind in KINDS}
