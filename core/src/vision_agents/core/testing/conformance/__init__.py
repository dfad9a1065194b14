"""The conformance kit: proves with one pytest run that an avatar keeps the contract.

Inherit the suite and say how to make your avatar on your stand-in; pytest finds the checks::

    class TestAcme(AvatarConformance):
        provider = "acme_avatar.hooks"

        @asynccontextmanager
        async def bench(self) -> AsyncIterator[Bench]:
            async with AcmeStandIn() as service:
                yield Bench(
                    make=lambda: AcmeAvatar(api_key=service.key, base_url=service.url),
                    log=service.log,
                    faults={Fault.AUTH: service.refuse_keys, Fault.DROP: service.cut},
                    secrets=(service.key,),
                    source_size=service.size,
                )

A check that cannot be run is named in ``waived`` with a reason; one that is replaced is marked with
``@overrides(reason)``. Both stand in the report, which pytest prints at its end and
``--conformance-report=FILE`` writes down to publish. ``tier = "pure"`` runs everything in virtual
time, for avatars and stand-ins without sockets. Needs the extra ``testing``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vision_agents.core.testing.conformance.bargein import BargeInChecks
from vision_agents.core.testing.conformance.base import KitBase, replaced_checks
from vision_agents.core.testing.conformance.bench import Bench, Fault
from vision_agents.core.testing.conformance.check import About, overrides
from vision_agents.core.testing.conformance.contract import ContractChecks
from vision_agents.core.testing.conformance.endurance import EnduranceChecks
from vision_agents.core.testing.conformance.failures import FailureChecks
from vision_agents.core.testing.conformance.speech import SpeechChecks

if TYPE_CHECKING:
    import pytest

__all__ = ["AvatarConformance", "Bench", "Fault", "overrides"]


# pytest runs the checks of the last base first: from what is simple to what takes long.
class AvatarConformance(
    EnduranceChecks, FailureChecks, BargeInChecks, SpeechChecks, ContractChecks, KitBase
):
    """Everything that is asked of an avatar. See this module's documentation for its use."""

    def test_nothing_is_left_out_silently(self, request: pytest.FixtureRequest) -> None:
        """Every check that is waived or replaced has a reason and exists."""
        about = About("what is left out or replaced has a reason")
        self.report_on(request, about, self._reasons)

    def _reasons(self) -> str:
        known = {name for name in dir(AvatarConformance) if name.startswith("test_")}
        for name, reason in self.waived.items():
            assert name in known, f"waived names {name!r}, and there is no such check"
            assert reason.strip(), f"{name} is waived without a reason"
        replaced = replaced_checks(AvatarConformance, type(self))
        for name, why in replaced.items():
            assert why, (
                f"{name} is replaced or removed without a reason: mark your own with "
                f'@overrides("why"), or name it in waived'
            )
        return "; ".join(f"{name} is replaced: {why}" for name, why in replaced.items())
