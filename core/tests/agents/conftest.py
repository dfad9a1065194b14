"""What holds for every agent holds with a face and without one."""

from __future__ import annotations

import pytest

from vision_agents.core.testing.parts import PassthroughAvatar


@pytest.fixture(params=["face", "voice only"])
def avatar(request: pytest.FixtureRequest) -> PassthroughAvatar | None:
    return PassthroughAvatar() if request.param == "face" else None
