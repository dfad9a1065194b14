"""LiveKit room client, avatar data-stream protocol and edge."""

__version__ = "0.1.0"
