"""The documentation's example, to the letter. Neither formatted nor typed: users wrote it so."""

import asyncio

from vision_agents.core.avatars import Avatar, AVSynchronizer


class MyAvatar(Avatar):
    provider_name = "my_avatar"
    def __init__(self, width=1280, height=720, fps=30):
        super().__init__()
        self._sync = AVSynchronizer(width=width, height=height, fps=fps)
        self._task = None
    def video_output(self): return self._sync.video_output
    def audio_output(self): return self._sync.audio_output
    async def start(self): self._task = asyncio.create_task(self._consume(self.input_audio_stream))
    async def close(self):
        if self._task: self._task.cancel()
        self._sync.close()
    async def _consume(self, stream):
        async for chunk in stream: ...   # chunk.data is PCM; self._sync.write_video / write_audio for what comes back
