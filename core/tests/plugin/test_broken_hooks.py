"""A plugin whose hook is missing, misspelt, wrong or of another version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vision_agents.core.plugin.errors import (
    BrokenPluginError,
    IncompatiblePluginError,
    MisspeltHookError,
)

if TYPE_CHECKING:
    from .conftest import SitePackages


def test_its_hook_is_a_coroutine_function(site: SitePackages) -> None:
    site.add_bad("async def vision_agents_avatar_provider(): ...")
    why_not = site.why_not("bad", BrokenPluginError)
    assert "vision_agents_avatar_provider() returned coroutine, not AvatarProvider" in why_not


def test_its_hook_raises(site: SitePackages) -> None:
    site.add_bad("def vision_agents_avatar_provider():\n    raise RuntimeError('no licence')")
    why_not = site.why_not("bad", BrokenPluginError)
    assert "calling vision_agents_avatar_provider() raised RuntimeError: no licence." in why_not


def test_no_hook_at_all(site: SitePackages) -> None:
    site.add_bad("x = 1")
    assert site.why_not("bad", BrokenPluginError).endswith(
        "its module has no function vision_agents_avatar_provider().  "
        "The package must define it and return one AvatarProvider"
    )


@pytest.mark.parametrize("returned", ["None", "'acme'"])
def test_the_hook_returns_something_else(site: SitePackages, returned: str) -> None:
    site.add_bad(f"def vision_agents_avatar_provider():\n    return {returned}")
    kind = type(eval(returned)).__name__
    why_not = site.why_not("bad", BrokenPluginError)
    assert f"vision_agents_avatar_provider() returned {kind}, not AvatarProvider" in why_not


def test_the_record_has_a_name_that_no_key_has(site: SitePackages) -> None:
    site.add_good(name="something", keys=("acme", "acme2"))
    assert (
        "its record says name='something', and its entry points are acme, acme2.  "
        "The record's name must be one of the entry points that name its module"
    ) in site.why_not("acme", BrokenPluginError)


class TestMisspelt:
    def test_a_function_with_our_prefix_and_no_mark(self, site: SitePackages) -> None:
        site.add_bad("def vision_agents_avatar_provder(): ...")
        assert site.why_not("bad", MisspeltHookError).endswith(
            "its module defines a hook vision_agents_avatar_provder() that does not exist.  "
            "Did you mean vision_agents_avatar_provider()?"
        )

    def test_a_marked_function_with_any_name(self, site: SitePackages) -> None:
        site.add_bad(
            """
            from vision_agents.core.plugin import hookimpl
            @hookimpl
            def my_provider(): ...
            """
        )
        assert site.why_not("bad", MisspeltHookError).endswith(
            "its module marks a hook that does not exist.  "
            "The hooks are: vision_agents_avatar_provider(), vision_agents_edge_provider(), "
            "vision_agents_voice_provider(), vision_agents_avatar_event()"
        )

    def test_arguments_that_the_hook_does_not_have(self, site: SitePackages) -> None:
        site.add_bad("def vision_agents_avatar_provider(config): ...")
        assert site.why_not("bad", MisspeltHookError).endswith(
            "its hook vision_agents_avatar_provider() asks for config, which this hook does not "
            "have.  It may ask for: nothing"
        )


class TestIncompatible:
    def test_the_plugin_is_newer(self, site: SitePackages) -> None:
        site.add_good(api=7)
        assert site.why_not("acme", IncompatiblePluginError) == (
            "the avatar 'acme' from acme-avatar 1.0 (acme_avatar.hooks) speaks version 7 of the "
            "contract and vision-agents-core speaks version 1.  "
            "Upgrade the older side: pip install --upgrade vision-agents-core"
        )

    def test_the_plugin_is_older(self, site: SitePackages) -> None:
        site.add_good(api=0)
        assert site.why_not("acme", IncompatiblePluginError).endswith(
            "Upgrade the older side: pip install --upgrade acme-avatar"
        )
