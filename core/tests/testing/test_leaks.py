"""The leak guard fails the right tests, and only those."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

GUARD = "from vision_agents.core.testing.leaks import nothing_left_behind\n"

CONFIG = """
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A test folder of its own, run in a process of its own, guarded by the fixture."""
    pytester.makeconftest(GUARD)
    pytester.makeini(CONFIG)
    return pytester


def test_a_task_left_running_fails_and_is_named(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import asyncio

        async def linger():
            await asyncio.sleep(60)

        async def test_it():
            global kept
            kept = asyncio.create_task(linger(), name="straggler")
            await asyncio.sleep(0)
        """
    )
    result = project.runpytest_subprocess()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*left behind by this test:*", "*task 'straggler': linger at*"])


def test_a_thread_left_running_fails_and_is_named(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import threading

        def test_it():
            event = threading.Event()
            threading.Thread(target=event.wait, args=(30,), name="worker", daemon=True).start()
        """
    )
    result = project.runpytest_subprocess()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*thread 'worker' (daemon)*"])


def test_what_ends_within_the_grace_is_no_leak(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import asyncio

        async def test_it():
            global kept
            kept = asyncio.create_task(asyncio.sleep(0.05))
            await asyncio.to_thread(print)
        """
    )
    project.runpytest_subprocess().assert_outcomes(passed=1)


def test_what_a_fixture_closes_is_no_leak(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import asyncio
        import pytest

        @pytest.fixture
        async def service():
            task = asyncio.create_task(asyncio.sleep(60))
            yield task
            task.cancel()
            await asyncio.wait([task])

        async def test_it(service):
            await asyncio.sleep(0)
        """
    )
    project.runpytest_subprocess().assert_outcomes(passed=1)
