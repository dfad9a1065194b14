"""Speech as a listener gets it: through Opus at 48 kHz in packets of 20 ms, as WebRTC sends it."""

from __future__ import annotations

from collections.abc import Container
from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

from vision_agents.core.media.pcm import PcmData

RATE_HZ = 48_000
PACKET = 960
DELAY_MS = 6.5
"""The encoder's look-ahead, which a bare decoder does not cut off."""


def through_opus(
    speech: PcmData, *, kbit_s: int = 32, channels: int = 1, lost: Container[int] = ()
) -> NDArray[np.int16]:
    """Mono at 48 kHz; silence stands for the packets whose numbers are in ``lost``.

    The rate is constant: a variable one spends its bits where they are missed most.
    """
    layout = "mono" if channels == 1 else "stereo"
    encoder = av.CodecContext.create("libopus", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = RATE_HZ, layout, "s16"
    encoder.bit_rate, encoder.time_base = kbit_s * 1000, Fraction(1, RATE_HZ)
    encoder.options = {"application": "voip", "vbr": "off"}
    decoder = av.CodecContext.create("opus", "r")
    assert isinstance(decoder, av.AudioCodecContext)
    decoder.sample_rate, decoder.layout = RATE_HZ, layout
    heard: list[NDArray[np.float32]] = []
    chunks = speech.resample(RATE_HZ, channels).chunks(PACKET, pad_last=True)
    for number, chunk in enumerate(chunks):
        chunk.pts, chunk.time_base = number * PACKET, Fraction(1, RATE_HZ)
        for packet in encoder.encode(chunk.to_av_frame()):
            for frame in decoder.decode(packet):
                samples: NDArray[np.float32] = frame.to_ndarray().mean(axis=0)
                heard.append(samples * 0 if number in lost else samples)
    levels: NDArray[np.float32] = np.clip(np.concatenate(heard) * 32_768, -32_768, 32_767)
    return levels.astype(np.int16)
