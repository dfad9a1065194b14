"""The baked body: eight seconds of picture without a mouth, and where the head is in each frame."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final

import av
import numpy as np
import numpy.typing as npt

FPS: Final = 30
WIDTH: Final = 1280
HEIGHT: Final = 720


@dataclass(frozen=True, slots=True)
class Affine:
    """Head coordinates to pixels: ``x' = a x + b y + c``, ``y' = d x + e y + f``."""

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    def apply(self, x: float, y: float) -> tuple[float, float]:
        """The pixel position of a point of the head."""
        return self.a * x + self.b * y + self.c, self.d * x + self.e * y + self.f


@lru_cache(maxsize=2)
def _packets(name: str) -> tuple[bytes, tuple[bytes, ...]]:
    """Codec parameters and packets of a loop, read once per process."""
    data = files("vision_agents.plugins.local").joinpath("assets", name).read_bytes()
    with av.open(io.BytesIO(data), "r") as container:
        stream = container.streams.video[0]
        packets = tuple(bytes(packet) for packet in container.demux(stream) if packet.size)
        return bytes(stream.codec_context.extradata or b""), packets


@lru_cache(maxsize=1)
def _affines() -> npt.NDArray[np.float32]:
    path = files("vision_agents.plugins.local").joinpath("assets", "loop.npy")
    with path.open("rb") as file:
        return np.asarray(np.load(file, allow_pickle=False), np.float32)


class BodyLoop:
    """Decodes the loop frame by frame, at the size that is nearest.

    The decoded frame belongs to the decoder, which refers to it later: copy it, never draw into it.
    """

    def __init__(self, *, half_size: bool) -> None:
        """``half_size``: the 640x360 loop; drawing small is cheaper than scaling down."""
        self.scale = 0.5 if half_size else 1.0
        self._extradata, self._packets = _packets("loop360.mp4" if half_size else "loop720.mp4")
        self._affines = _affines()
        self._index = -1
        self._open()
        self._frame = self._decode()

    def __len__(self) -> int:
        return len(self._packets)

    def _open(self) -> None:
        self._decoder = av.VideoCodecContext.create("h264", "r")
        self._decoder.extradata = self._extradata
        self._decoder.thread_count = 1  # more would only delay the first frame

    def _decode(self) -> av.VideoFrame:
        self._index = (self._index + 1) % len(self._packets)
        if self._index == 0:
            self._decoder.flush_buffers()
        # One frame out per packet in: the loops have no B frames.
        (frame,) = self._decoder.decode(av.Packet(self._packets[self._index]))
        return frame

    def frame(self, index: int) -> tuple[av.VideoFrame, Affine]:
        """Frame ``index`` modulo the loop's length; forward is cheap, backward decodes around."""
        index %= len(self._packets)
        while self._index != index:
            self._frame = self._decode()
        return self._frame, Affine(*(self._affines[index] * self.scale).tolist())
