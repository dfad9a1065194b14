"""Pictures: fitted into the published size, always yuv420p, never changed once handed out."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
from av.filter import Graph
from av.video.format import VideoFormat
from av.video.reformatter import ColorRange

if TYPE_CHECKING:
    from av.filter.context import FilterContext
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
        self._kind: tuple[object, ...] | None = None
        self._graph: Graph | None = None

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
        kind = (
            frame.width, frame.height, frame.format.name, frame.colorspace, frame.color_range,
        )  # fmt: skip
        if self._graph is None or kind != self._kind:
            self._graph, self._kind = self._open(frame), kind
        self._graph.push(frame)
        fitted = self._graph.pull()
        assert isinstance(fitted, av.VideoFrame)
        if frame.time_base is not None:
            fitted.time_base = frame.time_base
        return fitted

    def _open(self, frame: av.VideoFrame) -> Graph:
        """A filter graph for pictures like this one. Unlike a reformatter it uses the memory of
        pictures again that nobody holds any more: half of the page faults, a tenth of the CPU."""
        width, height = self._inner_size(frame.width, frame.height)
        if _is_plain_enlargement(frame, width, height):
            try:
                return self._build(frame, width, height, "fast_bilinear")
            except av.FFmpegError:  # it writes machine code, which some systems forbid
                pass
        return self._build(frame, width, height, "bilinear")

    def _build(self, frame: av.VideoFrame, width: int, height: int, scaler: str) -> Graph:
        graph = Graph()
        if hasattr(graph, "threads"):  # not in av 16
            graph.threads = 1  # a stream is small; many of them share the cores
        source = graph.add(
            "buffer",
            f"video_size={frame.width}x{frame.height}:pix_fmt={frame.format.name}"
            f":time_base={TIME_BASE}:colorspace={int(frame.colorspace)}"
            f":range={int(frame.color_range)}",
        )
        scale = graph.add("scale", f"{width}:{height}:flags={scaler}{_colours(frame)}")
        chain = [source, scale, graph.add("format", FORMAT)]
        if (width, height) != (self.width, self.height):
            x, y = (self.width - width) // 4 * 2, (self.height - height) // 4 * 2
            chain.append(graph.add("pad", f"{self.width}:{self.height}:{x}:{y}:black"))
        graph.link_nodes(*chain, graph.add("buffersink")).configure()
        return graph

    def _inner_size(self, width: int, height: int) -> tuple[int, int]:
        scale = min(self.width / width, self.height / height)
        # Even, so that the chroma planes fit; within a pixel of the full size counts as full.
        inner = (round(width * scale / 2) * 2, round(height * scale / 2) * 2)
        return max(2, min(inner[0], self.width)), max(2, min(inner[1], self.height))


def _is_plain_enlargement(frame: av.VideoFrame, width: int, height: int) -> bool:
    """Whether swscale's fast path does: up to twofold, in the widths that it was written for.

    It is a third cheaper and sets the picture a quarter of a source pixel aside at most; in other
    widths it is not cheaper but wrong by pixels (measured), and when shrinking it aliases.
    """
    return (
        frame.format.name == FORMAT
        and frame.width < width <= 2 * frame.width
        and frame.height < height <= 2 * frame.height
        and frame.width % 16 == width % 32 == 0
    )


def _colours(frame: av.VideoFrame) -> str:
    """Video range out. YUV keeps its own matrix; RGB becomes BT.601, which WebRTC receivers
    assume. Formats named yuvj are full range whatever else they say."""
    name = frame.format.name
    options = ":out_range=tv"
    if name.startswith("yuvj") or frame.color_range == ColorRange.JPEG:
        options += ":in_range=full"
    return options if name.startswith(("yuv", "nv")) else options + ":out_color_matrix=bt601"


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
        self._graph: tuple[Graph, FilterContext, FilterContext] | None = None

    def stamp(self, frame: av.VideoFrame, pts: int) -> av.VideoFrame:
        """``frame``'s picture (yuv420p of our size) as a new frame at ``pts`` of 90 kHz."""
        if self._graph is None:
            self._graph = self._open()
        _, source, sink = self._graph  # a graph asked itself looks for them each time
        source.push(frame)
        out = sink.pull()
        assert isinstance(out, av.VideoFrame)
        out.pts, out.time_base = pts, TIME_BASE
        return out

    def _open(self) -> tuple[Graph, FilterContext, FilterContext]:
        """The graph and its two ends, which die with it."""
        graph = Graph()
        if hasattr(graph, "threads"):  # not in av 16
            graph.threads = 1  # a stream is small; many of them share the cores
        width, height = self._size
        source = graph.add_buffer(
            width=width, height=height, format=VideoFormat(FORMAT), time_base=TIME_BASE
        )
        sink = graph.add("buffersink")
        source.link_to(sink)
        graph.configure()
        return graph, source, sink
