"""Which marker sounded is read off sound on which Opus spent few bits, or it is not said at all."""

from __future__ import annotations

import numpy as np
import pytest

from core.tests.testing.opus import DELAY_MS, PACKET, RATE_HZ, through_opus
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.testing.markers import (
    MARKERS,
    MARKERS_PER_UTTERANCE,
    MarkerDetector,
    speech_with_markers,
)

EVERY_S = 0.3
UTTERANCES = MARKERS // MARKERS_PER_UTTERANCE


@pytest.mark.parametrize(
    ("kbit_s", "channels", "loss"),
    [(16, 1, 0.0), (28, 2, 0.0), (32, 2, 0.0), (40, 2, 0.0), (32, 1, 0.02)],
)
def test_no_marker_is_taken_for_another_after_opus(kbit_s: int, channels: int, loss: float) -> None:
    chance = np.random.default_rng(kbit_s * channels)
    wrong, unread = [], []
    for utterance in range(UTTERANCES):
        sent = speech_with_markers(
            MARKERS_PER_UTTERANCE * EVERY_S, 24_000, every_s=EVERY_S, utterance=utterance
        )
        late = int(chance.integers(PACKET // 2))  # where in a packet the bursts begin
        loud = sent.samples * chance.uniform(0.3, 1.2)
        clipped = np.clip(loud, -11_000, 11_000).astype(np.int16)
        speech = PcmData(24_000, "s16", np.concatenate((np.zeros(late, np.int16), clipped)))
        packets = len(speech) // (PACKET // 2)
        lost = set(np.flatnonzero(chance.random(packets) < loss).tolist())
        detector = MarkerDetector(RATE_HZ)
        detector.push_audio(
            through_opus(speech, kbit_s=kbit_s, channels=channels, lost=lost),
            -late / 24_000 - DELAY_MS / 1000,
        )
        heard = dict.fromkeys(range(MARKERS_PER_UTTERANCE), -1)
        for at_s, marker in detector.report().heard:
            heard[int(at_s / EVERY_S)] = marker
        for index, marker in heard.items():
            expected = (utterance * MARKERS_PER_UTTERANCE + index) % MARKERS
            if marker == -1:
                unread.append(expected)
            elif marker != expected:
                wrong.append((expected, marker))
    assert wrong == []
    assert len(unread) <= MARKERS * 0.12
