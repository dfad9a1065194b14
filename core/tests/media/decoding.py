"""Pictures as decoders give them, in memory that is counted and shared."""

from __future__ import annotations

import av


def decoded(frame: av.VideoFrame) -> av.VideoFrame:
    """The picture out of a decoder. One that is made by hand av 16 copies when it is passed on."""
    decoder = av.CodecContext.create("rawvideo", "r")
    decoder.width, decoder.height = frame.width, frame.height
    decoder.pix_fmt = frame.format.name
    (out,) = decoder.decode(av.Packet(frame.to_ndarray().tobytes()))
    out.pts = frame.pts
    if frame.time_base is not None:
        out.time_base = frame.time_base
    return out
