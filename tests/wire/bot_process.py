"""The bot as a process of its own, whose Discord is on loopback: ``bot_process BASE GATEWAY CONFIG``."""

import sys

import discord.gateway
import discord.http
import yarl

from bot.cli import main

if __name__ == "__main__":
    _, base, gateway, config = sys.argv
    discord.http.Route.BASE = base
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
    sys.argv[1:] = ["run", "--config", config]
    main()
