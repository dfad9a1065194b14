"""How late the mouth is: what comes out of the performer against exact phoneme times.

The same over 50 utterances and for other synthesisers' voices, with the figures in full:
``python -m plugins.local.tools.visemes.evaluate``.
"""

from __future__ import annotations

import numpy as np
import pytest

from plugins.local.tools.visemes.evaluate import classify, held_out_utterances, mouth_opening
from plugins.local.tools.visemes.metrics import lag_ms
from plugins.local.tools.visemes.speech import Labels, espeak, labelled, segments
from vision_agents.core.media.chunks import AudioOutputChunk, Mark
from vision_agents.core.media.pcm import PcmData
from vision_agents.plugins.local.face.shapes import opening
from vision_agents.plugins.local.performer import Performer
from vision_agents.plugins.local.tts.espeak import Voice
from vision_agents.plugins.local.visemes.features import Floats
from vision_agents.plugins.local.visemes.inventory import CLOSURE

from vision_agents.plugins.local.visemes.classifier import VisemeClassifier  # isort: skip

TEXT = (
    "Hello! My name is Ava. Maybe people imagine that big machines are needed for a talking face, "
    "but Peter Piper picked a peck of pickled peppers before five funny foxes judged the show."
)


def spoken(voice: str, *, with_marks: bool) -> tuple[PcmData, tuple[Mark, ...], Labels]:
    language, _, variant = voice.partition("+")
    pcm, marks = espeak(TEXT, Voice(language, variant, 165, 50, 50))
    truth = labelled(pcm, segments(marks, pcm.duration), voice)
    return pcm, tuple(marks) if with_marks else (), truth.labels


def performed(pcm: PcmData, marks: tuple[Mark, ...], fps: int) -> Floats:
    """The opening of the mouth in each frame."""
    performer = Performer(fps)
    performer.hear(AudioOutputChunk(pcm, marks=marks, final=True))
    beats = [performer.beat(number) for number in range(int(pcm.duration * fps))]
    return np.array([opening(beat.mouth) for beat in beats], np.float32)


def at_100_hz(frames: Floats, fps: int, count: int) -> Floats:
    """Frames as they are seen: each from its own moment until the next."""
    seen_at = np.minimum((np.arange(count) * fps + fps // 2) // 100, len(frames) - 1)
    return frames[seen_at]


def test_the_classifier_alone_is_in_time() -> None:
    lags = [
        lag_ms(mouth_opening(classify(VisemeClassifier(), utterance)), utterance.labels)
        for utterance in held_out_utterances(16, seed=99)
    ]
    assert abs(float(np.median(lags))) <= 10
    assert np.percentile(np.abs(lags), 90) <= 20


@pytest.mark.parametrize("with_marks", [True, False])
@pytest.mark.parametrize("fps", [25, 30, 60])
def test_the_frames_of_a_call_are_in_time(fps: int, with_marks: bool) -> None:
    pcm, marks, truth = spoken("en-us+Annie", with_marks=with_marks)
    seen = at_100_hz(performed(pcm, marks, fps), fps, len(truth))
    assert abs(lag_ms(seen, truth)) <= (10 if with_marks else 15)


def test_with_marks_every_closure_shuts_the_lips_within_a_frame() -> None:
    pcm, marks, truth = spoken("en-us+m3", with_marks=True)
    heights = performed(pcm, marks, 30)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], (truth == CLOSURE).astype(int), [0]))))
    closures = edges.reshape(-1, 2).tolist()
    assert len(closures) > 15
    for begin, end in closures:
        first, last = int(begin * 0.3) - 1, int(end * 0.3) + 1
        assert heights[max(first, 0) : last + 1].min() < 1.5, f"open at {begin / 100:.2f} s"


def test_marks_and_classifier_tell_the_same_story() -> None:
    pcm, marks, _ = spoken("en-us+f4", with_marks=True)
    told, guessed = performed(pcm, marks, 30), performed(pcm, (), 30)
    assert np.corrcoef(told, guessed)[0, 1] > 0.8
