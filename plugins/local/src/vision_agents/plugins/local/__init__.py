"""Embedded avatar and speech: on the CPU, no account, no network."""

__version__ = "0.1.0"
