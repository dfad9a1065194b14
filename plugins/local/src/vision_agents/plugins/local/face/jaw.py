"""The jaw: everything below the mouth line moves down when the mouth opens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from vision_agents.plugins.local.face.canvas import Bytes, Canvas
    from vision_agents.plugins.local.face.loop import Affine

# In head coordinates: the shift grows from the mouth line, is full at the chin, and is gone on the
# throat; sideways it fades out at the cheeks.
_TOP: Final = 84.0
_CHIN: Final = 178.0
_BOTTOM: Final = 212.0
_HALF_WIDTH: Final = 112.0
_MARGIN: Final = 1.25
_NOTICEABLE: Final = 0.4


def lower_jaw(canvas: Canvas, head: Affine, by: float) -> None:
    """Shift the lower face down by ``by`` (head coordinates), in place, blending line by line."""
    if by < _NOTICEABLE:
        return
    for plane, subsampling in zip(canvas.planes, (1, 2, 2), strict=True):
        _shift(plane, head, by, 1.0 / subsampling)


def _shift(plane: Bytes, head: Affine, by: float, scale: float) -> None:
    centre = head.apply(0.0, (_TOP + _BOTTOM) / 2)[0] * scale
    half_width = _HALF_WIDTH * head.a * scale
    left = max(int(centre - half_width * _MARGIN), 0)
    right = min(int(centre + half_width * _MARGIN), plane.shape[1])
    top = max(int(head.apply(0.0, _TOP)[1] * scale), 0)
    bottom = min(int(head.apply(0.0, _BOTTOM)[1] * scale), plane.shape[0])
    if right - left < 2 or bottom - top < 2:
        return
    region = plane[top:bottom, left:right]
    height, width = region.shape
    down = np.arange(height, dtype=np.float32)[:, None] / (height - 1)
    chin = (_CHIN - _TOP) / (_BOTTOM - _TOP)
    vertical = np.minimum(np.minimum(down / (chin * 0.55), 1.0), (1.0 - down) / (1.0 - chin))
    across = (np.arange(left, right, dtype=np.float32) + 0.5 - centre) / half_width
    horizontal = np.clip(1.0 - across * across, 0.0, 1.0) ** 1.2
    shift = np.float32(by * head.a * scale) * vertical * horizontal
    source = np.clip(np.arange(height, dtype=np.float32)[:, None] - shift, 0.0, height - 1.001)
    line = source.astype(np.int32)
    flat = region.ravel().copy()
    index = line * width + np.arange(width, dtype=np.int32)
    upper = flat[index].astype(np.float32)
    region[...] = upper + (flat[index + width] - upper) * (source - line) + 0.5
