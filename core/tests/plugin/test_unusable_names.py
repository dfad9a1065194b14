"""A name that no plugin has, or more than one, and what is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vision_agents.core.plugin.errors import DuplicatePluginError, UnknownPluginError
from vision_agents.core.plugin.registry import Registry

if TYPE_CHECKING:
    from .conftest import SitePackages


class TestUnknown:
    def test_one_of_ours_that_is_not_installed(self, site: SitePackages) -> None:
        site.add_good()
        assert site.why_not("lemonslice", UnknownPluginError) == (
            "no avatar named 'lemonslice'; installed: acme.  "
            "Install it with: pip install vision-agents-lemonslice"
        )

    def test_an_alias_of_ours_that_is_not_installed(self, site: SitePackages) -> None:
        assert site.why_not("HeyGen", UnknownPluginError) == (
            "no avatar named 'HeyGen'; installed: none.  "
            "Install it with: pip install vision-agents-liveavatar"
        )

    def test_a_near_miss_of_an_installed_one(self, site: SitePackages) -> None:
        site.add_good()
        assert site.why_not("amce", UnknownPluginError) == (
            "no avatar named 'amce'; installed: acme.  Did you mean 'acme'?"
        )

    def test_a_near_miss_of_one_that_is_not_installed(self, site: SitePackages) -> None:
        assert site.why_not("lemonslise", UnknownPluginError) == (
            "no avatar named 'lemonslise'; installed: none.  Did you mean 'lemonslice'?  "
            "Install it with: pip install vision-agents-lemonslice"
        )

    def test_a_name_nobody_knows(self, site: SitePackages) -> None:
        site.add_good()
        assert site.why_not("zzzz", UnknownPluginError) == (
            "no avatar named 'zzzz'; installed: acme.  "
            "Install the package that provides it, or see: vision-agents avatars"
        )

    def test_an_extra_is_quoted_for_the_shell(self) -> None:
        with pytest.raises(UnknownPluginError) as caught:
            Registry(()).voice("local")
        assert str(caught.value).endswith('Install it with: pip install "vision-agents-local[tts]"')

    def test_it_is_a_lookup_error_with_data(self) -> None:
        with pytest.raises(LookupError) as caught:
            Registry(()).edge("web")
        error = caught.value
        assert isinstance(error, UnknownPluginError)
        assert (error.kind, error.name, error.distribution) == ("edge", "web", "vision-agents-web")


class TestDuplicate:
    def test_two_distributions_claim_one_name(self, site: SitePackages) -> None:
        site.add_good("acme-avatar", version="1.2")
        site.add_good("acme-rival", version="0.3")
        text = site.why_not("acme", DuplicatePluginError)
        assert "acme-avatar 1.2 (acme_avatar.hooks)" in text
        assert "acme-rival 0.3 (acme_rival.hooks)" in text
        assert text.startswith("the avatar name 'acme' is claimed by ")
        assert "Keep one: pip uninstall " in text

    def test_only_at_use_of_that_name(self, site: SitePackages) -> None:
        site.add_good("acme-avatar")
        site.add_good("acme-rival", keys=("acme", "rival"))
        assert site.registry().avatar("rival").name == "acme"

    def test_the_list_shows_both_and_why(self, site: SitePackages) -> None:
        site.add_good("acme-avatar")
        site.add_good("acme-rival")
        rows = site.registry().list_avatars()
        assert {row.distribution for row in rows} == {"acme-avatar", "acme-rival"}
        assert all("is claimed by" in row.problem for row in rows)
