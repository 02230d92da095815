"""Frames written as a clip: H.264 in MP4, so fine that the film's own encoding is the one that shows."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

_CRF = "12"


def write_clip(path: Path, frames: Iterable[np.ndarray], fps: Fraction) -> None:
    """Write uint8 RGB frames of one size, (height, width, 3), both sides even, to `path` at `fps`."""
    with av.open(path, "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=fps, options={"crf": _CRF, "preset": "medium"})
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
        context.color_primaries = context.color_trc = 1
        for pixels in frames:
            if not context.is_open:
                stream.height, stream.width = pixels.shape[:2]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            container.mux(
                stream.encode(
                    frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG)
                )
            )
        container.mux(stream.encode())
