"""LiveAvatar by HeyGen as an avatar for vision-agents."""

__version__ = "0.1.0"
