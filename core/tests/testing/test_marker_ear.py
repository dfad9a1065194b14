"""What the flashing face makes of sound, one picture period after the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vision_agents.core.testing.markers import MARKERS_PER_UTTERANCE, speech_with_markers
from vision_agents.core.testing.markers.code import NO_MARKER, OLD
from vision_agents.core.testing.markers.renderer import MarkerEar

FPS, RATE_HZ = 25, 24_000
PERIOD = RATE_HZ // FPS


def heard(sound: NDArray[np.int16]) -> list[tuple[bool, int, int, int]]:
    """Of each period whether a marker began in it, then the ear's age, marker and part."""
    ear = MarkerEar(FPS)
    return [
        (ear.listen(sound[at : at + PERIOD]), ear.age, ear.marker, ear.part)
        for at in range(0, len(sound), PERIOD)
    ]


def test_a_marker_is_noted_at_once_and_named_when_its_burst_is_over() -> None:
    marker = 2 * MARKERS_PER_UTTERANCE
    told = heard(speech_with_markers(1.2, RATE_HZ, every_s=1.0, utterance=2).samples)
    # It begins after 0.5 s: in the middle of the thirteenth period.
    assert told[11] == (False, OLD, NO_MARKER, 0)
    assert told[12] == (True, 0, NO_MARKER, 16)
    assert told[13] == (False, 1, marker, 16)
    assert told[14] == (False, 2, marker, 16)
    assert told[28] == (False, OLD, marker, 16)


def test_a_burst_that_was_cut_hides_no_later_marker() -> None:
    speech = speech_with_markers(1.2, RATE_HZ, every_s=1.0).samples
    cut = speech[: round(0.51 * RATE_HZ)]
    told = heard(np.concatenate((cut, speech[: len(cut) // PERIOD * PERIOD], speech)))
    begun = [number for number, (begins, *_) in enumerate(told) if begins]
    assert len(begun) == 2
    assert told[begun[-1] + 2][2] == 0
