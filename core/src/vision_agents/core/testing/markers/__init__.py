"""Flash and beep: speech whose lip-sync can be read off the received media.

``speech_with_markers`` makes sound: a quiet carrier tone that is never silent, and short bursts of
two tones whose pair of frequencies names the marker. ``FlashRenderer`` is a face that understands
only this: each picture carries, in black and white blocks, its number and which marker sounded how
many pictures ago. ``MarkerDetector`` takes what a receiver got and says how far picture and sound
of each marker lie apart, what is missing, and where the sound had holes.

Both survive Opus, VP8, H.264, resampling, scaling and letterboxing, which is why they are simple.
A receiver delays its two streams by itself; subtract what it makes of a pair of tracks that is in
step at the source (a control pair).
"""

from vision_agents.core.testing.markers.code import picture_number
from vision_agents.core.testing.markers.detector import MarkerDetector, MarkerReport
from vision_agents.core.testing.markers.renderer import FlashRenderer
from vision_agents.core.testing.markers.tones import (
    MARKERS,
    MARKERS_PER_UTTERANCE,
    speech_with_markers,
)

__all__ = [
    "MARKERS",
    "MARKERS_PER_UTTERANCE",
    "FlashRenderer",
    "MarkerDetector",
    "MarkerReport",
    "picture_number",
    "speech_with_markers",
]
