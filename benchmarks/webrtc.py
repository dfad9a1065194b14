"""Lip-sync over real WebRTC: aiortc to aiortc on the loopback, beside a pair that is in step.

    python benchmarks/webrtc.py [--seconds 20]

A receiver delays its two streams by itself, so what counts is the distance from a control pair:
a flash and its beep handed to the same encoders at the same moment, over the same path. Bars: p95
45 ms; with 1 % loss and 30 ms jitter on the path 60 ms. Real time: a busy machine shows.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    VideoStreamTrack,
)
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError

from vision_agents.core.avatars import AVSynchronizer
from vision_agents.core.edge import OutboundAudioTrack
from vision_agents.core.edge.backlog import release_backlogs
from vision_agents.core.edge.ice import loopback_candidates
from vision_agents.core.edge.peer import close_peer
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.testing.markers import (
    FlashRenderer,
    MarkerDetector,
    MarkerReport,
    speech_with_markers,
)

WIDTH, HEIGHT, FPS = 640, 360, 30
RATE_HZ = 48_000
PICTURE_SAMPLES = RATE_HZ // FPS
CODECS = ("video/VP8", "video/H264")
LOSS, JITTER_S = 0.01, 0.03
PATHS = (("clean", False, 45.0), ("1 % loss, 30 ms jitter", True, 60.0))
"""With the bar for the 95th percentile, milliseconds."""
SETTLE_S = 2.0
"""The first seconds do not count: a receiver learns how prompt each of its streams can be."""
PLAYOUT_S = 0.2
"""What a receiver waits for late packets: those sent again take two ways more."""


class Source:
    """Flash-and-beep media, made picture by picture."""

    def __init__(self, seconds: float) -> None:
        self.speech = speech_with_markers(seconds, RATE_HZ).samples
        self._renderer = FlashRenderer(WIDTH, HEIGHT, FPS)
        self.pictures = len(self.speech) // PICTURE_SAMPLES

    def picture(self, n: int) -> av.VideoFrame:
        sound = self.speech[n * PICTURE_SAMPLES : (n + 1) * PICTURE_SAMPLES]
        return self._renderer.frame(sound)


class Grid:
    """One clock for both tracks of the control pair."""

    def __init__(self) -> None:
        self.start_s = time.monotonic() + 0.5

    async def wait(self, media_s: float) -> None:
        await asyncio.sleep(max(0.0, self.start_s + media_s - time.monotonic()))


class ControlVideo(VideoStreamTrack):
    def __init__(self, source: Source, grid: Grid) -> None:
        super().__init__()
        self._source, self._grid, self._n = source, grid, 0

    async def recv(self) -> av.VideoFrame:
        if self._n >= self._source.pictures:
            raise MediaStreamError
        await self._grid.wait(self._n / FPS)
        frame = self._source.picture(self._n)
        self._n += 1
        return frame


class ControlAudio(AudioStreamTrack):
    def __init__(self, source: Source, grid: Grid) -> None:
        super().__init__()
        self._source, self._grid, self._n = source, grid, 0

    async def recv(self) -> av.AudioFrame:
        size = RATE_HZ // 50
        samples = self._source.speech[self._n * size : (self._n + 1) * size]
        if len(samples) < size:
            raise MediaStreamError
        await self._grid.wait(self._n / 50)
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="s16", layout="mono")
        frame.sample_rate = RATE_HZ
        frame.pts, frame.time_base = self._n * size, Fraction(1, RATE_HZ)
        self._n += 1
        return frame


async def provide(source: Source, sync: AVSynchronizer) -> None:
    """A provider in real time: sound in packets of 10 ms, pictures with pts."""
    grid = Grid()
    await asyncio.gather(provide_pictures(source, sync, grid), provide_sound(source, sync, grid))


async def provide_pictures(source: Source, sync: AVSynchronizer, grid: Grid) -> None:
    for n in range(source.pictures):
        await grid.wait(n / FPS)
        await sync.write_video(source.picture(n))


async def provide_sound(source: Source, sync: AVSynchronizer, grid: Grid) -> None:
    size = RATE_HZ // 100
    for n in range(len(source.speech) // size):
        await grid.wait(n / 100)
        packet = source.speech[n * size : (n + 1) * size]
        await sync.write_audio(PcmData(RATE_HZ, "s16", packet))


def disturb(peer: RTCPeerConnection) -> None:
    """Lose and delay packets between encoder and socket, for which aiortc has no hook."""
    chance, loop = random.Random(7), asyncio.get_running_loop()
    for transport in {t.sender.transport for t in peer.getTransceivers()}:
        send = transport._send_rtp

        async def disturbed(data: bytes, send: Any = send) -> None:
            if chance.random() >= LOSS:
                loop.call_later(chance.random() * JITTER_S, schedule, send, data)

        transport._send_rtp = disturbed  # type: ignore[method-assign]

    pending: set[asyncio.Task[None]] = set()

    def schedule(send: Any, data: bytes) -> None:
        task = loop.create_task(quietly(send, data))
        pending.add(task)
        task.add_done_callback(pending.discard)


async def quietly(send: Any, data: bytes) -> None:
    try:
        await send(data)
    except ConnectionError:
        return  # closed while the packet was under way


@asynccontextmanager
async def receiver(
    tracks: tuple[MediaStreamTrack, MediaStreamTrack], codec: str, lossy: bool
) -> AsyncIterator[MarkerDetector]:
    """A connection that sends the two tracks and judges what arrives."""
    configuration = RTCConfiguration(iceServers=[])
    sender, viewer = RTCPeerConnection(configuration), RTCPeerConnection(configuration)
    detector, readers = MarkerDetector(RATE_HZ, fps=FPS), []

    @viewer.on("track")
    def on_track(track: MediaStreamTrack) -> None:
        readers.append(asyncio.create_task(read(track, detector)))

    try:
        for track in tracks:
            sender.addTrack(track)
        for transceiver in sender.getTransceivers():
            if transceiver.kind == "video":
                offered = RTCRtpSender.getCapabilities("video").codecs
                transceiver.setCodecPreferences([c for c in offered if c.mimeType == codec])
        with loopback_candidates(only=True):
            await sender.setLocalDescription(await sender.createOffer())
            await viewer.setRemoteDescription(sender.localDescription)
            await viewer.setLocalDescription(await viewer.createAnswer())
        release_backlogs(viewer)
        await sender.setRemoteDescription(viewer.localDescription)
        if lossy:
            disturb(sender)
        yield detector
    finally:
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
        await close_peer(sender)
        await close_peer(viewer)


async def read(track: MediaStreamTrack, detector: MarkerDetector) -> None:
    """Receive, and play as whoever receives does: each stream by its own time stamps, a fixed
    time after its promptest packet, so that what the path delays is not heard as a skew."""
    origin_s = math.inf
    while True:
        try:
            frame = await track.recv()
        except MediaStreamError:
            return
        assert isinstance(frame, av.VideoFrame | av.AudioFrame)
        assert frame.pts is not None
        assert frame.time_base is not None
        now_s, media_s = time.monotonic(), float(frame.pts * frame.time_base)
        origin_s = min(origin_s, now_s - media_s)
        played_s = max(now_s, origin_s + media_s + PLAYOUT_S)
        if isinstance(frame, av.VideoFrame):
            detector.push_video(frame, played_s)
        else:
            mono = frame.to_ndarray().reshape(-1, len(frame.layout.channels))[:, 0]
            detector.push_audio(np.ascontiguousarray(mono), played_s)


async def control(codec: str, seconds: float, *, lossy: bool) -> MarkerReport:
    source, grid = Source(seconds), Grid()
    pair = (ControlVideo(source, grid), ControlAudio(source, grid))
    async with receiver(pair, codec, lossy) as detector:
        await asyncio.sleep(seconds + 1.5)
    return detector.report()


async def ours(codec: str, seconds: float, *, lossy: bool) -> MarkerReport:
    source, sync = Source(seconds), AVSynchronizer(WIDTH, HEIGHT, FPS)
    async with AsyncExitStack() as stack:
        stack.callback(sync.close)
        pair = (sync.video_output, OutboundAudioTrack(sync.audio_output))
        detector = await stack.enter_async_context(receiver(pair, codec, lossy))
        await provide(source, sync)
        await asyncio.sleep(1.5)
    return detector.report()


def settled(report: MarkerReport) -> list[float]:
    """Offsets of the markers heard after the first seconds."""
    begin_s = report.heard[0][0] + SETTLE_S if report.heard else 0.0
    early = {marker for at_s, marker in report.heard if at_s < begin_s}
    return [o for marker, of_one in report.offsets.items() if marker not in early for o in of_one]


def offsets_of(
    pair: Callable[..., Coroutine[Any, Any, MarkerReport]],
    codec: str,
    seconds: float,
    *,
    lossy: bool,
) -> list[float]:
    offsets = settled(asyncio.run(pair(codec, seconds, lossy=lossy)))
    if not offsets:
        sys.exit(f"{pair.__name__}, {codec}: no marker arrived in {seconds:g} s")
    return offsets


def figures_of(offsets: list[float], control_ms: float) -> dict[str, float]:
    relative = np.array(offsets) - control_ms
    return {
        "markers": len(offsets),
        "median_ms": round(float(np.median(relative)), 1),
        "p95_ms": round(float(np.percentile(np.abs(relative), 95)), 1),
    }


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    figures: dict[str, dict[str, dict[str, float]]] = {}
    held = True
    for codec in CODECS:
        for path, lossy, bar_ms in PATHS:
            control_offsets = offsets_of(control, codec, given.seconds, lossy=lossy)
            offsets = offsets_of(ours, codec, given.seconds, lossy=lossy)
            control_ms = float(np.median(control_offsets))
            both = {
                "control": figures_of(control_offsets, control_ms)
                | {"itself_ms": round(control_ms, 1)},
                "ours": figures_of(offsets, control_ms),
            }
            figures[f"{codec}, {path}"] = both
            held &= both["ours"]["p95_ms"] <= bar_ms
            print(f"{codec}, {path}: control pair {both['control']}", flush=True)
            print(f"  ours, relative to it {both['ours']} (bar p95 {bar_ms:g} ms)", flush=True)
    if given.out:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
