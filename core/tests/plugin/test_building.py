"""From a record and a table of settings to an avatar, and what can go wrong there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from vision_agents.core.errors import ConfigError
from vision_agents.core.plugin.errors import BrokenPluginError

if TYPE_CHECKING:
    from .conftest import SitePackages

ACME = {"name": "acme", "api_key": "k"}


def test_what_the_table_leaves_out_comes_from_the_environment(
    site: SitePackages, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.add_good()
    monkeypatch.setenv("ACME_API_KEY", "from-env")
    monkeypatch.setenv("ACME_FPS", "24")
    avatar: Any = site.registry().create_avatar("acme")
    assert (avatar.api_key, avatar.fps) == ("from-env", 24)


def test_an_unknown_setting_is_named_with_the_near_miss(site: SitePackages) -> None:
    site.add_good()
    assert site.why_not_built({**ACME, "fsp": 3}, ConfigError) == (
        "AcmeSettings: no setting named 'fsp'; did you mean 'fps'? (it has: api_key, fps)"
    )


def test_a_missing_key_names_argument_and_variable(
    site: SitePackages, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.add_good()
    monkeypatch.delenv("ACME_API_KEY", raising=False)
    assert site.why_not_built("acme", ConfigError) == (
        "AcmeSettings: not set: api_key (argument api_key= or environment variable ACME_API_KEY)"
    )


def test_a_table_without_a_name(site: SitePackages) -> None:
    assert site.why_not_built({"fps": 25}, ConfigError) == (
        'a table for avatar= needs the key "name", a string; it has: fps'
    )


def test_neither_a_name_nor_an_avatar(site: SitePackages) -> None:
    assert site.why_not_built(3, ConfigError) == (
        'avatar=3 is neither an Avatar nor a name nor a table such as {"name": "..."}'
    )


def test_a_missing_module_that_only_its_avatar_needs(site: SitePackages) -> None:
    site.add_good(avatar="import acme_sdk.client", requires=("acme-sdk; extra == 'sdk'",))
    assert site.why_not_built(ACME, BrokenPluginError).endswith(
        "building it needs the module 'acme_sdk', which is not installed.  "
        'Install it with: pip install "acme-avatar[sdk]"'
    )


def test_its_constructor_raises(site: SitePackages) -> None:
    site.add_good(avatar="class AcmeAvatar:\n    def __init__(self, **k): raise OSError('x')")
    assert "building it raised OSError: x" in site.why_not_built(ACME, BrokenPluginError)


def test_its_factory_builds_no_avatar(site: SitePackages) -> None:
    site.add_good(avatar="def AcmeAvatar(**settings): return settings")
    text = site.why_not_built({**ACME, "api_key": "geheim"}, BrokenPluginError)
    assert "its factory returned dict, which is no Avatar" in text
    assert "geheim" not in text


def test_a_config_error_of_the_constructor_comes_through(site: SitePackages) -> None:
    site.add_good(
        avatar="""
        from vision_agents.core.errors import ConfigError
        def AcmeAvatar(**settings): raise ConfigError("fps and width do not go together")
        """
    )
    assert site.why_not_built(ACME, ConfigError) == "fps and width do not go together"
