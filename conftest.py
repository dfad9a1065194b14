"""Holds for the tests of every distribution: nothing may outlive a test."""

from __future__ import annotations

from vision_agents.core.testing.leaks import nothing_left_behind

__all__ = ["nothing_left_behind"]
