"""Opening media files so that nothing in them can reach another file or the network.

`open_container` is the only place where a film or sound file is opened for reading: it keeps playlists and other
formats that name further files or addresses away from the demuxer.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import av
from av.container import InputContainer
from av.error import EOFError as EndOfFile
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from cutroom.errors import BadInput, TooLarge

FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,asf,mpeg,mpegts,mpegvideo,h264,hevc,m4v,gif,"
    "wav,w64,mp3,flac,ogg,aac,aiff,caf,amr,ac3,eac3,au,mp2"
)
"""The containers that are read. None of them can name another file or address (playlists, concatenation, image
sequences, device and filter inputs are left out)."""

MOST_PIXELS = 64_000_000
"""A frame with more pixels than this (twice 8K) is not decoded."""

_NOT_MOVING = Disposition.attached_pic | Disposition.timed_thumbnails


def open_container(path: Path, *, packets_only: bool = False, **options: str) -> InputContainer:
    """The media file at `path`, opened for reading. `options` are the demuxer's own.

    With `packets_only` nothing is decoded to find out more, which is thirty times as fast, and nothing can be.

    Raises BadInput when it is none that can be read. Nothing in the file can reach another file or the network.
    """
    try:
        if path.stat().st_size == 0:
            raise BadInput(path, "is empty (0 bytes)", "copy it anew from where it came, or leave it out")
        # An absolute path: ffmpeg would take "concat:a|b" or "http:x" for a protocol.
        return av.open(
            str(path.absolute()),
            "r",
            metadata_errors="replace",
            options={"skip_frame": "all"} if packets_only else {},
            container_options={"protocol_whitelist": "file,pipe", "format_whitelist": FORMATS, **options},
        )
    except PermissionError as error:
        raise BadInput(path, "may not be read (permission denied)", "give yourself the right to read it") from error
    except FileNotFoundError as error:
        raise BadInput(path, "is not there", "check the path") from error
    except (FFmpegError, OSError, ValueError) as error:
        raise BadInput(
            path,
            "is not a film or sound file that can be read (damaged, cut short, or of another kind)",
            "play it to see whether it is whole and export it anew, or leave it out",
        ) from error


def video_stream(container: InputContainer) -> VideoStream | None:
    """The stream of moving pictures, or None: cover art and thumbnails do not count."""
    streams = [stream for stream in container.streams.video if not stream.disposition & _NOT_MOVING]
    decodable = [stream for stream in streams if stream.codec_context is not None]
    return max(
        decodable,
        key=lambda stream: (bool(stream.disposition & Disposition.default), stream.width * stream.height),
        default=None,
    )


def check_size(path: Path, width: int, height: int) -> None:
    """Raises TooLarge when a frame of this size has more than `MOST_PIXELS`."""
    if width * height > MOST_PIXELS:
        raise TooLarge(
            path,
            f"has frames of {width}x{height} pixels (at most {MOST_PIXELS // 1_000_000} megapixels)",
            "export a copy in 4K or smaller",
        )


def decoded(path: Path, container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """The frames from where the container stands, in the order that they are shown. Damaged packets cost themselves."""
    for packet in packets(container, stream):
        try:
            made = packet.decode()
        except EndOfFile:
            return
        except (FFmpegError, ValueError):
            continue
        for frame in made:
            if isinstance(frame, VideoFrame):
                check_size(path, frame.width, frame.height)
                yield frame


def packets(container: InputContainer, stream: Stream) -> Iterator[Packet]:
    """The stream's packets to the end of what can be read, and at the end an empty one which flushes the decoder."""
    try:
        yield from container.demux(stream)
    except (FFmpegError, OSError):
        # Cut short: what came so far is what there is.
        yield Packet()


def when_taken(container: InputContainer) -> datetime | None:
    """When it was recorded: Apple's local time with offset, else the container's creation time (UTC)."""
    said = {key.lower(): value for key, value in container.metadata.items()}
    for key in ("com.apple.quicktime.creationdate", "creation_time", "date"):
        stamp = str(said.get(key, "")).strip()
        if len(stamp) < 10:  # a year alone says nothing about the order
            continue
        try:
            moment = datetime.fromisoformat(stamp)
        except ValueError:
            continue
        # Cameras whose clock was never set write the beginning of their era (1904, 1970, 1980).
        if moment.year > 1980:
            return moment
    return None


def container_suffix(path: Path, container: InputContainer, *, picture: bool) -> str:
    """What the container is, as a suffix, by content."""
    name = container.format.name.split(",")[0]
    if name == "mov":
        brand = str(container.metadata.get("major_brand", "")).strip()
        if brand == "qt":
            return ".mov"
        return ".mp4" if picture else ".m4a"
    if name == "matroska":
        with path.open("rb") as file:
            return ".webm" if b"webm" in file.read(64) else ".mkv"
    if name == "asf":
        return ".wmv" if picture else ".wma"
    named = {"mpegts": ".ts", "mpeg": ".mpg", "mpegvideo": ".mpg", "aiff": ".aif", "h264": ".h264", "hevc": ".h265"}
    return named.get(name, f".{name}")
