"""How the bot ends when its data cannot be used: one sentence what happened, and one what to do."""

from bot.database import StorageUnavailable

_BY_CODE = {
    "SQLITE_FULL": "The disk is full. Make room on it, then start again; what was saved before is safe.",
    "ENOSPC": "The disk is full. Make room on it, then start again; what was saved before is safe.",
    "SQLITE_BUSY": "Another program holds {file}. End it (a copy being made, a database browser), "
    "then start again.",
    "SQLITE_LOCKED": "Another program holds {file}. End it (a copy being made, a database browser), "
    "then start again.",
    "SQLITE_READONLY": "{file} cannot be written. Give the user that the bot runs as the right to write "
    "to it and to its folder, then start again.",
    "EACCES": "{file} cannot be written. Give the user that the bot runs as the right to write to it and "
    "to its folder, then start again.",
    "EPERM": "{file} cannot be written. Give the user that the bot runs as the right to write to it and "
    "to its folder, then start again.",
    "EROFS": "{file} cannot be written, because its disk takes no writing. Mount the disk for writing, or "
    "choose another folder in [storage].",
    "SQLITE_CANTOPEN": "{file} cannot be opened. Check its path in [storage], and that the user that the "
    "bot runs as may write to its folder.",
    "ENOTDIR": "{file} cannot be opened, because a part of its path is a file. Check its path in [storage].",
    "EISDIR": "{file} cannot be opened, because it is a folder. Check its path in [storage].",
    "SQLITE_IOERR": "The disk does not read or write {file} as it should. See what the machine's own log "
    "says about the disk, and make a copy of the data folder before anything else.",
    "SQLITE_CORRUPT": "{file} is damaged. Put back your newest copy with restore, which keeps what is there, "
    "and check the disk.",
    "SQLITE_NOTADB": "{file} is no database, or it is damaged. Check its path in [storage]; if that is "
    "right, put back your newest copy with restore, which keeps what is there.",
}
_OTHERWISE = (
    "{file} cannot be used ({code}). See that the disk is well and that no other program works on the file, "
    "then start again."
)


def ending(problem: StorageUnavailable) -> str:
    """What to say as the bot ends because its data cannot be used."""
    family = next((known for known in _BY_CODE if problem.code.startswith(known)), "")
    file = str(problem.path) if problem.path else "The database"
    sentence = _BY_CODE.get(family, _OTHERWISE).format(file=file, code=problem.code)
    return sentence[0].upper() + sentence[1:]
