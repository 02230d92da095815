"""Brings stretches that were encoded by themselves, and the sound, into one film, packet by packet, without encoding."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from cutroom.errors import BadInput
from cutroom.media.container import open_container, packets
from cutroom.render.segments import Segment
from cutroom.timeline.timeline import Format


@dataclass(frozen=True)
class Piece:
    """A stretch and the file that it was encoded to."""

    segment: Segment
    path: Path


def intact(piece: Piece, frame: Format) -> bool:
    """True when the piece's file holds each of its frames exactly once."""
    try:
        return bool(_whole(piece, frame))
    except BadInput:
        return False


def join(
    container: OutputContainer, pieces: Sequence[Piece], sound: Path | None, frame: Format, tag: str | None
) -> None:
    """Writes all pieces, in order, and the sound into `container`, ordered by time; of two at one time, sound first.

    Raises BadInput with the path of a piece that is damaged or was encoded with other settings than the first one.
    """
    with open_container(pieces[0].path, packets_only=True) as first:
        picture = container.add_stream_from_template(first.streams.video[0], opaque=True)
        headers = first.streams.video[0].codec_context.extradata
    assert isinstance(picture, VideoStream)
    picture.time_base = 1 / frame.fps
    picture.codec_context.sample_aspect_ratio = Fraction(1)
    if tag:
        picture.codec_context.codec_tag = tag
    if sound is None:
        for packet in _picture(pieces, picture, frame, headers):
            container.mux(packet)
        return
    with open_container(sound, packets_only=True) as heard:
        template = heard.streams.audio[0]
        track = container.add_stream_from_template(template)
        for packet in heapq.merge(_sound(heard, template, track), _picture(pieces, picture, frame, headers), key=_when):
            container.mux(packet)


def _when(packet: Packet) -> Fraction:
    return (packet.dts or 0) * (packet.time_base or Fraction(1))


def _sound(heard, template: Stream, track: Stream) -> Iterator[Packet]:  # noqa: ANN001 - an input container
    for packet in packets(heard, template):
        if packet.dts is not None:
            packet.stream = track
            yield packet


def _picture(pieces: Sequence[Piece], stream: Stream, frame: Format, headers: bytes | None) -> Iterator[Packet]:
    """All packets of the picture, with their times in the film, in frames."""
    for piece in pieces:
        for packet in _whole(piece, frame, headers):
            packet.stream = stream
            yield packet


def _whole(piece: Piece, frame: Format, headers: bytes | None = None) -> list[Packet]:
    """A piece's packets on the film's grid of frames. Raises BadInput unless each frame is there exactly once."""
    with open_container(piece.path, packets_only=True) as container:
        if not container.streams.video:
            raise _damaged(piece, "has no picture")
        stream = container.streams.video[0]
        if headers is not None and stream.codec_context.extradata != headers:
            raise _damaged(piece, "was encoded with other headers than the film's first one")
        found = [packet for packet in packets(container, stream) if packet.size]
    # Whole numbers: a film has as many packets as frames, and fractions of Python are slow.
    grid, step = 1 / frame.fps, (stream.time_base or Fraction(1)) * frame.fps
    over, under = 2 * step.numerator, 2 * step.denominator
    for packet in found:
        if packet.pts is None or packet.dts is None:
            raise _damaged(piece, "has a packet without a time")
        packet.pts, packet.dts = (
            (time * over + under // 2) // under + piece.segment.first for time in (packet.pts, packet.dts)
        )
        packet.time_base, packet.duration = grid, 1
    times = sorted(packet.pts or 0 for packet in found)
    if times != list(range(piece.segment.first, piece.segment.end)):
        raise _damaged(piece, f"has {len(found)} frames or other times than its {piece.segment.frames}")
    if not found[0].is_keyframe or any((a.dts or 0) >= (b.dts or 0) for a, b in pairwise(found)):
        raise _damaged(piece, "does not begin with a key frame, or is out of order")
    return found


def _damaged(piece: Piece, reason: str) -> BadInput:
    return BadInput(piece.path, reason, "it will be made anew; run the same command again")
