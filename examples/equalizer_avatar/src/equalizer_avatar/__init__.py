"""A spectrum that dances to the agent's voice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from equalizer_avatar.settings import EqualizerSettings

if TYPE_CHECKING:
    from equalizer_avatar.avatar import EqualizerAvatar
    from equalizer_avatar.avatar import EqualizerAvatar as Avatar
else:

    def __getattr__(name: str) -> object:
        if name in ("EqualizerAvatar", "Avatar"):  # lazily: it needs av and numpy
            from equalizer_avatar.avatar import EqualizerAvatar

            return EqualizerAvatar
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__version__ = "0.3.0"
__all__ = ["Avatar", "EqualizerAvatar", "EqualizerSettings", "__version__"]
