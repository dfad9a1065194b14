"""Browser edge: see and hear the agent on a page on localhost."""

__version__ = "0.1.0"
