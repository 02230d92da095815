"""The words of a film as caption files: WebVTT, and Advanced SubStation Alpha with styles and karaoke.

SubRip comes from `cutroom.timeline.subtitles`, as delivered beside every film.
"""

from __future__ import annotations

import html
from fractions import Fraction

from cutroom.render.safe import margins
from cutroom.timeline.timeline import Caption, Timeline, Title

TOP_LINE = "line:10%"
WHITE, BLACK = "&H00FFFFFF", "&H00000000"
FONT = "Source Sans Pro"
"""The family that Cutroom draws captions with; a player without it takes its own."""


def vtt(timeline: Timeline) -> str:
    """The captions as a WebVTT file (W3C Candidate Recommendation, 2019), with a time stamp before each word that has one."""
    top = f" {TOP_LINE}" if timeline.caption_style.place == "top" else ""
    blocks = ["WEBVTT", f"NOTE language: {timeline.language}"]
    for number, caption in enumerate(timeline.captions, 1):
        end = caption.start + caption.seconds
        blocks.append(f"{number}\n{_clock(caption.start)} --> {_clock(end)}{top}\n{_payload(caption)}")
    return "\n\n".join(blocks) + "\n"


def _payload(caption: Caption) -> str:
    """The lines; words that say when they are spoken carry it, except the first, whose time is the cue's own."""
    timed = _timed_lines(caption)
    if timed is None:
        return "\n".join(_escaped(line) for line in caption.lines if line.strip())
    lines = []
    for line in timed:
        words = []
        for text, start in line:
            stamp = f"<{_clock(start)}>" if caption.start < start < caption.start + caption.seconds else ""
            words.append(f"{stamp}{_escaped(text)}")
        lines.append(" ".join(words))
    return "\n".join(lines)


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


def _timed_lines(caption: Caption) -> list[list[tuple[str, Fraction]]] | None:
    """Each line's words with the time at which they begin; None when words and lines do not match one to one."""
    lines = [line.split() for line in caption.lines if line.strip()]
    if not caption.words or sum(len(line) for line in lines) != len(caption.words):
        return None
    starts = iter(word.start for word in caption.words)
    return [[(text, next(starts)) for text in line] for line in lines]


def ass(timeline: Timeline) -> str:
    """Captions and titles as a script for SSA/ASS players: one style for each kind of words, karaoke where words are timed.

    Sizes and margins follow the frame; one pixel of the script is one pixel of the film.
    """
    form, style = timeline.format, timeline.caption_style
    side = min(form.width, form.height)
    size = round(style.size * side)
    # Secondary is what a karaoke word looks like before it is spoken.
    lit = _colour(style.accent) if style.mode == "karaoke" else WHITE
    spoken = f"{lit},{WHITE if style.mode == 'karaoke' else '&H80FFFFFF'}"
    box = f"3,{size // 8},0" if style.scrim else f"1,{max(1, size // 16)},{max(1, size // 24)}"
    plate = f"&H{round(255 * (1 - style.scrim)):02X}000000" if style.scrim else BLACK
    clear = margins(form, style.safe)
    across = round(max(clear.left, clear.right) * form.width)
    down = round((clear.top if style.place == "top" else clear.bottom) * form.height)
    place = 8 if style.place == "top" else 2
    head = [
        "[Script Info]",
        f"Title: {_line(timeline.title) or 'Captions'}",
        "ScriptType: v4.00+",
        f"PlayResX: {form.width}",
        f"PlayResY: {form.height}",
        "WrapStyle: 2",
        "ScaledBorderAndShadow: yes",
        "YCbCr Matrix: TV.709",
        "",
        "[V4+ Styles]",
        "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, "
        "Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, "
        "MarginV, Encoding",
        f"Style: Caption,{FONT},{size},{spoken},{plate},{plate},-1,0,0,0,100,100,0,0,{box},{place},{across},{across},{down},1",
    ]
    for name, part, alignment in (("Centre", 0.112, 5), ("End", 0.092, 5), ("Upper", 0.072, 8), ("Third", 0.06, 1)):
        large = round(part * side)
        head.append(
            f"Style: {name},Manrope,{large},{WHITE},{WHITE},{BLACK},&H80000000,-1,0,0,0,100,100,0,0,1,0,"
            f"{max(1, large // 20)},{alignment},{across},{across},{down},1"
        )
    head += ["", "[Events]", "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text"]
    events = [_dialogue(0, one.start, one.seconds, "Caption", _karaoke(one)) for one in timeline.captions]
    events += [_title(title, side) for title in timeline.titles]
    return "\n".join([*head, *events]) + "\n"


STYLES = {"centre": "Centre", "end": "End", "upper": "Upper", "lower_third": "Third"}


def _title(title: Title, side: int) -> str:
    fade = int(title.fade * 1000)
    text = f"{{\\fad({fade},{fade})}}{_line(title.text)}"
    if title.subtitle:
        text += f"\\N{{\\fs{round(0.036 * side)}}}{_line(title.subtitle)}"
    return _dialogue(1, title.start, title.seconds, STYLES[title.place], text)


def _karaoke(caption: Caption) -> str:
    """The lines, with karaoke tags (kf) in hundredths of a second when every word's time is known."""
    timed = _timed_lines(caption)
    if timed is None:
        return "\\N".join(_line(line) for line in caption.lines if line.strip())
    flat = [(text, start) for line in timed for text, start in line]
    ends = [start for _, start in flat[1:]] + [caption.start + caption.seconds]
    lines, place, before = [], 0, _hundredths(caption.start)
    lead = max(0, _hundredths(flat[0][1]) - before)
    out = f"{{\\k{lead}}}" if lead else ""
    before += lead
    for line in timed:
        words = []
        for text, _ in line:
            end = max(_hundredths(ends[place]), before)
            words.append(f"{{\\kf{end - before}}}{_line(text)}")
            before, place = end, place + 1
        lines.append(" ".join(words))
    return out + "\\N".join(lines)


def _dialogue(layer: int, start: Fraction, seconds: Fraction, style: str, text: str) -> str:
    return f"Dialogue: {layer},{_ass_clock(start)},{_ass_clock(start + seconds)},{style},,0,0,0,,{text}"


def _line(text: str) -> str:
    """`text` on one line, with nothing in it that a player would take for a command."""
    return " ".join(text.split()).replace("\\", "⧵").replace("{", "(").replace("}", ")")


def _colour(code: str) -> str:
    """``#RRGGBB`` as ``&H00BBGGRR``."""
    return f"&H00{code[5:7]}{code[3:5]}{code[1:3]}".upper()


def _clock(seconds: Fraction) -> str:
    thousandths = int(seconds * 1000 + Fraction(1, 2))
    minutes, rest = divmod(thousandths, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}.{rest % 1000:03}"


def _hundredths(seconds: Fraction) -> int:
    return int(seconds * 100 + Fraction(1, 2))


def _ass_clock(seconds: Fraction) -> str:
    minutes, rest = divmod(_hundredths(seconds), 6000)
    return f"{minutes // 60}:{minutes % 60:02}:{rest // 100:02}.{rest % 100:02}"
