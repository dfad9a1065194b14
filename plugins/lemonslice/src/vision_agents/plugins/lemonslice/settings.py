"""What can be said about a LemonSlice avatar, checked as the service checks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from vision_agents.core.errors import ConfigError
from vision_agents.core.plugin import secret, setting
from vision_agents.plugins.livekit.settings import LiveKitAvatarSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

_SOURCES = ("agent_id", "agent_image_url", "agent_image_path")
# 2x3 is documented (2026-08); the others are what the same pixel count gives: a guess, and a
# picture of another size is letterboxed, never stretched.
_SIZES: dict[str, tuple[int, int]] = {"2x3": (368, 560), "9x16": (342, 608), "1x1": (456, 456)}


@dataclass(frozen=True, kw_only=True)
class LemonSliceSettings(LiveKitAvatarSettings):
    """Settings of ``LemonSliceAvatar``; the environment fills what is not said.

    Exactly one of ``agent_id``, ``agent_image_url`` and ``agent_image_path`` says which face; one
    that is given as an argument beats any that the environment holds.

    Raises:
        ConfigError: the service would refuse this; says what and what would be right.
    """

    agent_id: str | None = setting(None, env="LEMONSLICE_AGENT_ID", help="an agent of yours")
    agent_image_url: str | None = setting(
        None, env="LEMONSLICE_AGENT_IMAGE_URL", help="public URL of a face; cropped to the aspect"
    )
    agent_image_path: str | None = setting(None, help="a PNG file of a face, uploaded")
    api_key: str = secret(env="LEMONSLICE_API_KEY", help="from the LemonSlice console")
    base_url: str = setting(
        "https://lemonslice.com/api", env="LEMONSLICE_API_URL", help="the service's address"
    )
    agent_prompt: str | None = setting(None, help="how it moves while it speaks")
    agent_idle_prompt: str | None = setting(None, help="how it moves while it does not")
    idle_timeout: int = setting(60, help="seconds without speech until it leaves; negative: never")
    response_done_timeout: float | None = setting(
        None, help="seconds of silence that end an utterance; not needed, we end each"
    )
    simulcast: bool = setting(False, help="several sizes at once; costs them, gains us nothing")
    model: Literal["flash", "lite", "pro", "cwm-1", "cwm-1-lite"] | None = setting(
        None, help="tier; None: the service's default"
    )
    action_engine: Literal["natural"] | None = setting(None, help="only with a cwm model")
    aspect_ratio: Literal["2x3", "9x16", "1x1"] = setting(
        "2x3", help="shape of the service's picture"
    )
    width: int | None = setting(None, help="published width, even; None: the service's own")
    height: int | None = setting(None, help="published height, even; None: the service's own")
    fps: int = setting(25, help="published pictures per second")

    @classmethod
    def from_env(cls, *, environ: Mapping[str, str] | None = None, **values: Any) -> Self:
        """As the base class does, but a face given as an argument silences the environment's."""
        if any(values.get(source) is not None for source in _SOURCES):
            import os

            environ = dict(os.environ if environ is None else environ)
            for variable in ("LEMONSLICE_AGENT_ID", "LEMONSLICE_AGENT_IMAGE_URL"):
                environ.pop(variable, None)
        return super().from_env(environ=environ, **values)

    def __post_init__(self) -> None:
        super().__post_init__()
        said = [source for source in _SOURCES if getattr(self, source)]
        if len(said) != 1:
            raise ConfigError(
                "LemonSliceSettings: say exactly one of agent_id (LEMONSLICE_AGENT_ID), "
                "agent_image_url (LEMONSLICE_AGENT_IMAGE_URL) and agent_image_path; "
                f"{'none is' if not said else ' and '.join(said) + ' are'} set"
            )
        if self.idle_timeout == 0:
            raise ConfigError(
                "LemonSliceSettings: idle_timeout is 0; give seconds, or a negative number for "
                "a session that never idles out"
            )
        if self.response_done_timeout is not None and self.response_done_timeout <= 0:
            raise ConfigError(
                f"LemonSliceSettings: response_done_timeout is {self.response_done_timeout}; "
                "give a positive number of seconds, or leave it out"
            )
        if self.model == "lite" and self.aspect_ratio == "9x16":
            raise ConfigError(
                "LemonSliceSettings: the model 'lite' has the aspect ratios 2x3 and 1x1 only"
            )
        if self.action_engine is not None and not (self.model or "").startswith("cwm"):
            raise ConfigError(
                "LemonSliceSettings: action_engine needs model='cwm-1' or 'cwm-1-lite', "
                f"not {self.model!r}"
            )

    @property
    def size(self) -> tuple[int, int]:
        """Width and height to publish."""
        width, height = _SIZES[self.aspect_ratio]
        return self.width or width, self.height or height
