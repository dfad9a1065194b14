"""Pictures: fitted into the published size, always yuv420p, never changed once handed out."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from av.filter import Graph
from av.video.format import VideoFormat
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FrameFitter", "FrameStamper", "blank_frame", "blend", "planes"]

FORMAT = "yuv420p"
TIME_BASE = Fraction(1, 90_000)
"""The clock of video on the wire (RFC 3551)."""


class FrameFitter:
    """Fits pictures into ``width`` x ``height``, letterboxed in black.

    A yuv420p picture of the right size comes back itself. One instance serves one thread at a
    time; successive calls may come from different threads.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._scaler = VideoReformatter()

    def fits(self, frame: av.VideoFrame) -> bool:
        """Whether the picture can be published as it is."""
        return (
            frame.width == self.width
            and frame.height == self.height
            and frame.format.name == FORMAT
            and frame.color_range != ColorRange.JPEG
        )

    def fit(self, frame: av.VideoFrame) -> av.VideoFrame:
        """The picture at the published size, with its pts. Milliseconds of work when it has to be
        scaled or converted: keep that off the event loop."""
        if self.fits(frame):
            return frame
        width, height = self._inner_size(frame.width, frame.height)
        scaled = self._scale(frame, width, height)
        if (width, height) != (self.width, self.height):
            scaled = self._letterbox(scaled)
        scaled.pts = frame.pts
        if frame.time_base is not None:
            scaled.time_base = frame.time_base
        return scaled

    def _inner_size(self, width: int, height: int) -> tuple[int, int]:
        scale = min(self.width / width, self.height / height)
        # Even, so that the chroma planes fit; within a pixel of the full size counts as full.
        inner = (round(width * scale / 2) * 2, round(height * scale / 2) * 2)
        return max(2, min(inner[0], self.width)), max(2, min(inner[1], self.height))

    def _scale(self, frame: av.VideoFrame, width: int, height: int) -> av.VideoFrame:
        if frame.format.name == FORMAT and frame.color_range == ColorRange.JPEG:
            frame = _renamed(frame)
        return self._scaler.reformat(
            frame,
            width=width,
            height=height,
            format=FORMAT,
            dst_colorspace=_colorspace(frame),
            src_color_range=_color_range(frame),
            dst_color_range=ColorRange.MPEG,
        )

    def _letterbox(self, inner: av.VideoFrame) -> av.VideoFrame:
        out = blank_frame(self.width, self.height)
        left = (self.width - inner.width) // 4 * 2
        top = (self.height - inner.height) // 4 * 2
        for index, (target, source) in enumerate(zip(planes(out), planes(inner), strict=True)):
            x, y = (left, top) if index == 0 else (left // 2, top // 2)
            rows, columns = source.shape
            target[y : y + rows, x : x + columns] = source
        out.colorspace = inner.colorspace
        return out


def _colorspace(frame: av.VideoFrame) -> Any:
    """YUV keeps its own matrix; RGB becomes BT.601, which WebRTC receivers assume."""
    if frame.format.name.startswith("yuv") or frame.format.name.startswith("nv"):
        return frame.colorspace
    return Colorspace.ITU601


def _color_range(frame: av.VideoFrame) -> Any:
    """Formats named yuvj are full range whatever else they say."""
    if frame.format.name.startswith("yuvj"):
        return ColorRange.JPEG
    return frame.color_range


def _renamed(frame: av.VideoFrame) -> av.VideoFrame:
    """A full-range yuv420p picture as yuvj420p: av 16 goes by the format's name alone."""
    out = av.VideoFrame(frame.width, frame.height, "yuvj420p")
    for target, source in zip(planes(out), planes(frame), strict=True):
        target[:] = source
    out.colorspace = frame.colorspace
    return out


def blank_frame(width: int, height: int) -> av.VideoFrame:
    """A black picture of its own memory."""
    frame = av.VideoFrame(width, height, FORMAT)
    for plane, value in zip(planes(frame), (16, 128, 128), strict=True):
        plane[:] = value
    return frame


def planes(frame: av.VideoFrame) -> list[NDArray[np.uint8]]:
    """Views of the three planes, without the padding of their rows."""
    out = []
    for index, plane in enumerate(frame.planes):
        width = frame.width if index == 0 else (frame.width + 1) // 2
        height = frame.height if index == 0 else (frame.height + 1) // 2
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        out.append(rows[:height, :width])
    return out


def blend(first: av.VideoFrame, second: av.VideoFrame, share: float) -> av.VideoFrame:
    """A new picture: ``share`` (0..1) of ``second`` over ``first``; both yuv420p of one size."""
    out = av.VideoFrame(first.width, first.height, FORMAT)
    weight = round(share * 256)
    for target, a, b in zip(planes(out), planes(first), planes(second), strict=True):
        mixed = a.astype(np.uint16) * (256 - weight) + b.astype(np.uint16) * weight
        target[:] = mixed >> 8
    return out


class FrameStamper:
    """Makes new frame objects over existing picture memory, each with a pts of its own.

    The pts of a frame that an encoder may still hold must not be overwritten, and a copy of the
    picture costs a hundred times more: an empty filter graph hands out references (2 us, measured
    at 720p).
    """

    def __init__(self, width: int, height: int) -> None:
        self._size = width, height
        self._graph: Graph | None = None

    def stamp(self, frame: av.VideoFrame, pts: int) -> av.VideoFrame:
        """``frame``'s picture (yuv420p of our size) as a new frame at ``pts`` of 90 kHz."""
        if self._graph is None:
            self._graph = self._open()
        self._graph.push(frame)
        out = self._graph.pull()
        assert isinstance(out, av.VideoFrame)
        out.pts, out.time_base = pts, TIME_BASE
        return out

    def _open(self) -> Graph:
        graph = Graph()
        width, height = self._size
        source = graph.add_buffer(
            width=width, height=height, format=VideoFormat(FORMAT), time_base=TIME_BASE
        )
        source.link_to(graph.add("buffersink"))
        graph.configure()
        return graph
