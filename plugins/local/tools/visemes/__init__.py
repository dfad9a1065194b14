"""Makes, trains and measures the viseme classifier; no part of the wheel."""
