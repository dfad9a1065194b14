"""The flash-and-beep ruler is read off real codecs, and must not flatter."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from core.tests.testing.opus import DELAY_MS, through_opus
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.testing.markers import (
    MARKERS,
    FlashRenderer,
    MarkerDetector,
    MarkerReport,
    speech_with_markers,
)

FPS = 30
RATE = 24_000


def render(size: tuple[int, int], pcm: PcmData) -> list[av.VideoFrame]:
    renderer = FlashRenderer(*size, FPS)
    step = pcm.sample_rate // FPS
    return [renderer.frame(pcm.samples[at : at + step]) for at in range(0, len(pcm), step)]


def through_video(codec: str, frames: list[av.VideoFrame]) -> list[av.VideoFrame]:
    encoder = av.CodecContext.create(codec, "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height = frames[0].width, frames[0].height
    encoder.pix_fmt, encoder.time_base = "yuv420p", Fraction(1, 90_000)
    encoder.framerate = Fraction(FPS)
    encoder.bit_rate = 400_000
    decoder = av.CodecContext.create("vp8" if codec == "libvpx" else "h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    packets = [p for frame in [*frames, None] for p in encoder.encode(frame)]
    out = [frame for packet in packets for frame in decoder.decode(packet)]
    return out + list(decoder.decode(None))


def judge(
    frames: list[av.VideoFrame],
    sound: NDArray[np.int16],
    video_late_s: float = 0.0,
    source_size: tuple[int, int] | None = None,
) -> MarkerReport:
    detector = MarkerDetector(48_000, fps=FPS, source_size=source_size)
    for index, frame in enumerate(frames):
        detector.push_video(frame, index / FPS + video_late_s)
    for at in range(0, len(sound), 960):
        detector.push_audio(sound[at : at + 960], at / 48_000)
    return detector.report()


@pytest.mark.parametrize("late_ms", [-120, 0, 45])
def test_reads_a_known_offset(late_ms: int) -> None:
    pcm = speech_with_markers(3.0, 48_000)
    report = judge(render((320, 240), pcm), pcm.samples, late_ms / 1000)
    assert len(report.all_offsets) == 6
    assert report.median_ms == pytest.approx(late_ms, abs=1)
    assert report.p95_ms(late_ms) < 2
    assert not report.missing_pictures
    assert not report.gaps


@pytest.mark.parametrize("codec", ["libvpx", "libx264"])
def test_survives_the_codecs_of_webrtc(codec: str) -> None:
    pcm = speech_with_markers(3.0, RATE, utterance=3)
    report = judge(through_video(codec, render((320, 240), pcm)), through_opus(pcm))
    assert sorted(report.offsets) == [63, 64, 65, 66, 67, 68]
    assert report.median_ms == pytest.approx(-DELAY_MS, abs=1)
    assert report.p95_ms(report.median_ms) < 3


def test_survives_scaling_and_letterboxing() -> None:
    from vision_agents.core.media.frames import FrameFitter

    pcm = speech_with_markers(2.0, 48_000)
    fitter = FrameFitter(640, 360)
    frames = [fitter.fit(frame) for frame in render((320, 240), pcm)]
    report = judge(frames, pcm.samples, source_size=(320, 240))
    assert len(report.all_offsets) == 4
    assert report.unreadable == 0


def test_a_dropped_flash_counts_by_the_picture_shown_instead() -> None:
    pcm = speech_with_markers(2.0, 48_000)
    frames = render((320, 240), pcm)
    flash = round(0.25 * FPS - 0.5)
    frames[flash] = frames[flash - 1]  # the flash picture is lost, the one before is repeated
    report = judge(frames, pcm.samples)
    assert report.offsets[0][0] == pytest.approx(1000 / FPS, abs=2)


def test_a_decoder_that_overshoots_hides_no_marker() -> None:
    speech = speech_with_markers(3.0, RATE)
    sound = (speech.resample(48_000).samples * 0.7).astype(np.int16)  # as loud as after Opus
    sound[6_000] = 32_767  # what a packet after a lost one was seen to decode to
    frames = render((320, 240), speech)
    assert len(judge(frames, sound).offsets) == 6


def test_holes_and_utterances_are_found() -> None:
    one, two = speech_with_markers(1.0, 48_000).samples, speech_with_markers(1.5, 48_000).samples
    hole = np.zeros(48 * 60, np.int16)
    sound = np.concatenate((one[:24_000], hole, one[24_000:], np.zeros(48_000, np.int16), two))
    report = judge([], sound)
    assert [length for _, length in report.gaps] == [pytest.approx(0.06, abs=0.006)]
    lengths = [end - start for start, end in report.utterances]
    assert lengths == [pytest.approx(1.06, abs=0.01), pytest.approx(1.5, abs=0.01)]
    assert report.missing_pictures == [0, 1, 0, 1, 2]


def test_every_marker_has_a_name_of_its_own() -> None:
    for utterance in range(10):
        pcm = speech_with_markers(21 * 0.2, 16_000, every_s=0.2, utterance=utterance)
        detector = MarkerDetector(16_000)
        detector.push_audio(pcm, 0.0)
        names = detector.report().missing_pictures
        assert names == [(utterance * 21 + i) % MARKERS for i in range(21)]
