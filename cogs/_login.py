"""What Discord refuses at the very start, as sentences that say what to do."""

import contextlib
from collections.abc import Iterator

import aiohttp
import discord

from bot.opening import CannotStart, NotNow


@contextlib.contextmanager
def in_plain_words() -> Iterator[None]:
    """Log in inside of this. Raises CannotStart with a clear sentence, or NotNow where later may do."""
    try:
        yield
    except discord.LoginFailure:
        raise CannotStart(
            "Discord does not accept the token. Copy a new one from the Developer Portal: Bot, Reset Token."
        ) from None
    except discord.PrivilegedIntentsRequired:
        raise CannotStart(
            "Discord does not give this bot the Server Members intent. Switch it on in the Developer Portal, "
            "under Bot; or write members_intent = false in [discord], and nobody is noticed until they press."
        ) from None
    except (aiohttp.ClientError, OSError, discord.GatewayNotFound):
        raise NotNow("Discord cannot be reached. Check the network and start again.") from None
    except discord.RateLimited as error:
        raise NotNow(
            f"Discord asks to be left alone for {error.retry_after:.0f} seconds. Start again after that."
        ) from None
    except discord.HTTPException as error:
        raise NotNow(
            f"Discord answered with an error ({error.status}). See its status page, and start again later."
        ) from None
    except discord.ConnectionClosed as error:
        raise CannotStart(
            f"Discord ended the connection (code {error.code}). If the token was reset, put in the new one."
        ) from None
