"""What users may ask for, and how a wrong wish is answered."""

from __future__ import annotations

import inspect
import subprocess
import sys
from dataclasses import fields

import pytest

from vision_agents.core.errors import ConfigError
from vision_agents.plugins.local import (
    LocalAvatar,
    LocalAvatarSettings,
    LocalTTS,
    LocalVoiceSettings,
)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"width": 1281}, "width must be an even number of pixels from 2 to 4096, and 1281 is not"),
        ({"height": 0}, "height must be an even number of pixels from 2 to 4096, and 0 is not"),
        ({"height": -2}, "height must be an even number"),
        ({"width": 10_000}, "width must be an even number"),
        ({"fps": 0}, "fps must be from 1 to 120, and 0 is not"),
        ({"fps": 1000}, "fps must be from 1 to 120"),
        ({"width": "big"}, "width must be int"),
    ],
)
def test_impossible_pictures_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        LocalAvatar(**arguments)  # type: ignore[arg-type]  # the point of the test


@pytest.mark.parametrize(
    ("made", "settings"), [(LocalAvatar, LocalAvatarSettings), (LocalTTS, LocalVoiceSettings)]
)
def test_arguments_are_the_settings(made: type, settings: type) -> None:
    assert list(inspect.signature(made).parameters) == [field.name for field in fields(settings)]


def test_importing_the_package_and_its_hooks_is_light() -> None:
    code = (
        "import sys\n"
        "import vision_agents.plugins.local\n"
        "import vision_agents.plugins.local.hooks as hooks\n"
        "hooks.vision_agents_avatar_provider(), hooks.vision_agents_voice_provider()\n"
        "print(sorted({'av', 'numpy', 'aiortc', 'espeakng_loader'} & set(sys.modules)))\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stderr
