"""What moderators have told of themselves before a story begins."""

import sqlite3

from bot.fairness.interests import log_own
from bot.foundation import Foundation
from bot.model import Disclosed, Disclosure
from bot.store import sheets


async def tell_of_no_links(on: Foundation, user_id: int) -> None:
    """Have it on record that a moderator said that they have no links."""

    def file(connection: sqlite3.Connection) -> None:
        now, asked = on.now(), on.config.questionnaire
        subject = on.find_or_add(connection, user_id, now)
        sheets.keep_questionnaire(connection, asked, now)
        key, nil = on.vault.key(subject.key_id), Disclosure(Disclosed.NONE)
        log_own(connection, key, subject.id, nil, asked.content_hash, now)

    await on.database.write(file)
