"""What a hooks module imports, and light enough to be imported anywhere.

A package that adds an avatar writes one function in a module of its own and points an entry point
at that module::

    # acme_avatar/hooks.py
    from vision_agents.core.plugin import AVATAR_API, AvatarProvider, construct, hookimpl

    from acme_avatar.settings import AcmeSettings

    @hookimpl
    def vision_agents_avatar_provider() -> AvatarProvider:
        return AvatarProvider(
            name="acme",
            api=AVATAR_API,
            summary="Acme's talking head",
            settings=AcmeSettings,
            factory=construct("acme_avatar.avatar:AcmeAvatar"),
        )

    # pyproject.toml
    [project.entry-points."vision_agents.avatars"]
    acme = "acme_avatar.hooks"
"""

from __future__ import annotations

from typing import Final

import pluggy

PROJECT: Final = "vision_agents"

AVATAR_API: Final = 1
"""Version of the ``Avatar`` contract that this core speaks; one more per breaking change.

A provider states the version it was written for (``AvatarProvider.api``), as the *literal* number
or through this constant of the core it was built against; the two are compared before its factory
runs.
"""

hookspec = pluggy.HookspecMarker(PROJECT)
"""Marks core's hook specifications; plugins have no use for it."""

hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a plugin's implementation of a hook.

A function whose name begins with ``vision_agents_`` counts as one even without the mark, so that a
misspelt name is noticed either way.
"""
