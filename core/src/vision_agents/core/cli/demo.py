"""``vision-agents demo``: a face on a page that says what one types."""

from __future__ import annotations

import asyncio
import webbrowser
from typing import TYPE_CHECKING, Any

import click

from vision_agents.core.cli.running import run
from vision_agents.core.errors import VisionAgentsError

if TYPE_CHECKING:
    from vision_agents.core.agents.agent import Agent
    from vision_agents.core.edge.edge import Edge

GREETING = "Hello! I am a face for your voice agent. Type something, and I will say it."


@click.command("demo")
@click.option("--avatar", default="local", show_default=True, help="Whose face to show.")
@click.option("--voice", default="local", show_default=True, help="Which voice speaks.")
@click.option("--edge", default="web", show_default=True, help="Where people meet the agent.")
@click.option("--host", help="Address to serve the page on; the edge's own choice by default.")
@click.option("--port", type=int, help="Port to serve the page on; 0 is any free one.")
@click.option("--greeting", default=GREETING, help="What the first visitor hears; may be empty.")
@click.option("--no-open", is_flag=True, help="Do not open a browser.")
def command(avatar: str, voice: str, edge: str, greeting: str, no_open: bool, **place: Any) -> None:
    """Show a face that says what you type, in the browser. Ctrl-C ends it.

    Nothing leaves this machine, and no account is needed.
    """
    where = {"name": edge, **{key: value for key, value in place.items() if value is not None}}
    run(_demo(avatar, voice, where, greeting, open_page=not no_open))


async def _demo(
    avatar: str, voice: str, where: dict[str, Any], greeting: str, *, open_page: bool
) -> None:
    from vision_agents.core import Agent, User

    agent = Agent(edge=where, tts=voice, avatar=avatar, agent_user=User(name="Demo"))
    async with agent.join():
        edge = agent.edge
        assert edge is not None
        if edge.url is not None:
            click.echo(f"The face is at {edge.url}  (Ctrl-C ends)")
            if open_page:
                await asyncio.to_thread(webbrowser.open, edge.url)
        await _until_over(agent, edge, greeting)


async def _until_over(agent: Agent, edge: Edge, greeting: str) -> None:
    try:
        async with asyncio.TaskGroup() as group:
            greet = group.create_task(_greet(agent, edge, greeting), name="demo-greeting")
            serve = group.create_task(_serve(agent, edge), name="demo-commands")
            await agent.finish()
            greet.cancel()
            serve.cancel()
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None  # the first one is why the others ended


async def _greet(agent: Agent, edge: Edge, greeting: str) -> None:
    """Speak first: who opens the page sees at once that it works."""
    while not await edge.wait_for_participant(timeout_s=3600):
        pass
    await _say(agent, greeting)


async def _serve(agent: Agent, edge: Edge) -> None:
    """Do what people ask on the page, in the order they ask it; an interruption at once."""
    from vision_agents.core.edge import Interrupt

    async with asyncio.TaskGroup() as speaking:
        async for command in edge.commands():
            if isinstance(command, Interrupt):
                await agent.interrupt()
            else:
                speaking.create_task(_say(agent, command.text), name="demo-say")


async def _say(agent: Agent, text: str) -> None:
    try:
        await agent.say(text)
    except VisionAgentsError as exc:  # the demo goes on; the next text may work
        click.secho(f"Could not say that: {exc}", fg="red", err=True)
