"""The tables of the configuration, one model each, exactly as the TOML writes them."""

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from bot import rules
from bot.config.durations import Duration
from bot.layout.model import Places
from bot.questionnaire import Frozen
from bot.text import Text


def complaint(problem: str, mend: str) -> PydanticCustomError:
    """An error that already says in plain words what is wrong and what to write instead."""
    return PydanticCustomError("plain", "{problem}", {"problem": problem, "mend": mend})


_ID_LENGTHS = range(15, 21)


def _snowflake(value: Any) -> Any:
    mend = "write the 15 to 20 digits that Discord's Copy ID gives"
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise complaint("is not a Discord id", mend)
    text = str(value) if isinstance(value, str) or abs(value) < 10 ** max(_ID_LENGTHS) else ""
    if not (text.isascii() and text.isdigit() and len(text) in _ID_LENGTHS):
        raise complaint("is not a Discord id", mend)
    return int(text)


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, LookupError):
        mend = 'write a name from the IANA list, such as "Europe/London" or "UTC"'
        raise complaint("is not a time zone", mend) from None
    return value


Snowflake = Annotated[int, BeforeValidator(_snowflake)]
"""A Discord id, as a number or as digits in quotes."""

Line100 = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Contact = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,4})?$")]
TimeZone = Annotated[str, AfterValidator(_time_zone)]


class Community(Frozen):
    """Whose bot this is."""

    name: Line100
    discreet_name: Line100
    """What messages and previews say: it names no condition."""
    language: Language = "en"
    time_zone: TimeZone = "UTC"
    minimum_age: int = Field(default=18, ge=13, le=25)
    work_contact: Contact
    """The front door for people who are here for work."""
    privacy_contact: Contact
    """Whom to ask about data."""

    @property
    def zone(self) -> ZoneInfo:
        """The time zone that moderators live by."""
        return ZoneInfo(self.time_zone)


class Discord(Frozen):
    """The ids of one server."""

    server: Snowflake
    member_role: Snowflake
    quarantine_channel: Snowflake
    review_channel: Snowflake
    welcome_channel: Snowflake
    """Where somebody goes first who has been let in."""
    moderator_roles: tuple[Snowflake, ...] = Field(min_length=1)
    log_channel: Snowflake | None = None
    """Where notices about the server itself go; the review channel, unless there is one."""
    anchor_channel: Snowflake | None = None
    """Where the end of the log is posted once a day, so that nobody can rewrite it unseen."""
    staff_roles: tuple[Snowflake, ...] = ()
    """Roles beside those of moderators whose holders may see everything."""
    open_channels: tuple[Snowflake, ...] = ()
    """Channels that everyone is meant to see."""
    members_intent: bool = True

    @property
    def places(self) -> Places:
        """Which role and channel is which."""
        return Places(
            member_role=self.member_role,
            quarantine_channel=self.quarantine_channel,
            review_channel=self.review_channel,
            welcome_channel=self.welcome_channel,
            moderator_roles=frozenset(self.moderator_roles),
            log_channel=self.log_channel,
            staff_roles=frozenset(self.staff_roles),
            open_channels=frozenset(self.open_channels),
        )


def _whole_days(value: timedelta) -> timedelta:
    if value < timedelta(days=1) or value % timedelta(days=1):
        raise complaint(
            "is not a number of whole days", 'write days, such as "30d": people are told how many'
        )
    return value


WholeDays = Annotated[Duration, AfterValidator(_whole_days)]


_NO_LIMIT = frozenset(
    {"", "0", "never", "forever", "for ever", "always", "none", "no", "unlimited", "infinite"}
)


def _limited(value: Any) -> Any:
    below = isinstance(value, int | float) and value <= 0
    written = value.strip().lower() if isinstance(value, str) else ""
    if below or (isinstance(value, str) and (written in _NO_LIMIT or written.startswith("-"))):
        raise complaint(
            "sets no limit: nothing may be kept for ever",
            'write days, such as "30d", or months, such as "6mo"',
        )
    return value


KeptFor = Annotated[Duration, AfterValidator(_whole_days), BeforeValidator(_limited)]
"""How long something is kept: whole days, and never without an end."""


class Storage(Frozen):
    """Where the data lie, each in a folder of its own, so that no copy of a folder holds two of them."""

    database: Path = Path("data/porchlight.db")
    keys: Path = Path("keys/keys.db")
    key_file: Path = Path("secret/master.key")
    ledger: Path = Path("ledger/erasures.jsonl")
    """What was erased, by random ids: applied again to every copy that is put back."""
    anchors: Path = Path("ledger/anchors.jsonl")
    """The end of the event log, day by day, to hold the log against."""


class Timers(Frozen):
    """By when somebody hears from us, and how long a request stays open that nobody goes on with."""

    decision_target: Duration
    person_target: Duration
    """For whoever asked to talk to a person."""
    reminders: tuple[Duration, ...]
    """How long after the last step somebody is reminded who began and asked for it."""
    lapse_after: WholeDays
    """How long after the last step an unfinished request closes."""
    after_lapse: Literal["keep", "remove"]
    """Whether people may stay outside after that, or are removed. Never a ban."""
    remove_after: WholeDays
    """How long after the closing somebody is removed."""
    way_back: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    """An invite or a page through which whoever was removed can come back."""


class Admission(rules.Admission):
    """What the machine may do by itself, and what it counts as a new account."""

    new_account: Duration


class Retention(Frozen):
    """How long things are kept."""

    unfinished: KeptFor
    """After a request closed that nobody decided: its answers, or all of it if nobody had to do with it."""
    refused: KeptFor
    """After somebody was declined or sent elsewhere: the whole file. Also the bare record of any other
    request that the team had to do with."""
    former_members: KeptFor
    """After a member left: everything about them."""
    free_text: KeptFor
    """After somebody was let in: what they typed, except for the names of organisations."""
    superseded: KeptFor
    """After a disclosure was replaced by a later one."""
    access: KeptFor
    """After somebody looked at a file: the line that says so."""
    log: KeptFor
    """After a stretch of the event log was sealed: its lines."""
    concerns: KeptFor
    """After a concern was closed: all of it."""
    reporters: KeptFor
    """After a concern was closed: who told of it, and what they wrote."""
    joins: KeptFor
    """After a wave of joins: who came with it."""
    backups: KeptFor
    """How long the operator keeps copies of the database."""
    key_backups: KeptFor
    """How long the operator keeps copies of the keys: until then, what was deleted can be read in a copy."""
    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""
    """Why something is kept for longer than usual; people can read it in the privacy notice."""


Line300 = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class Notice(Frozen):
    """What the papers name and nothing else needs. What is missing stands in them as a blank."""

    responsible: Line300 | None = None
    """The person or group that answers for the server."""
    address: Line300 | None = None
    email: Contact | None = None
    host: Line300 | None = None
    """Who runs the machine that the bot is on, and in which country."""
    authority: Line300 | None = None
    """The data protection authority to complain to."""
    changed: date | None = None
    """The day the notice last changed."""

    @property
    def missing(self) -> tuple[str, ...]:
        """The keys that nobody has filled in."""
        return tuple(key for key in type(self).model_fields if getattr(self, key) is None)


class Drift(Frozen):
    """What happens when the server and the decisions differ."""

    unrecorded: Literal["take_back", "alert"]
    """What to do about the member role on somebody whom nobody has let in."""
    ask_earlier_members: int = Field(ge=0, le=500)
    """How many members from before the bot are asked about links at a time. 0: they are not asked."""
    ask_every: WholeDays


class Raid(Frozen):
    """When many people join at once."""

    joins: int = Field(ge=3, le=10_000)
    within: Duration
    """So many joins within this time are a wave."""
    quiet: Duration
    """A wave is over when it has been quiet for this long."""
    lapse_batch: int = Field(ge=1, le=1000)
    """How many requests of a wave close per hour."""


class Health(Frozen):
    """The local page that says how the bot is. Off unless it has a port."""

    port: int | None = Field(default=None, ge=1024, le=65535)
    address: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)] = "127.0.0.1"


class Line(Frozen):
    """One help line."""

    name: Line100
    contact: Line100
    hours: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)] = ""
    checked: date | None = None
    """The day somebody last made sure that it answers."""


class Country(Frozen):
    """The numbers of one country."""

    name: Text
    emergency: Line100
    lines: tuple[Line, ...] = ()


class Help(Frozen):
    """What *I need help now* shows."""

    directory: Contact
    """A place that lists help lines anywhere."""
    countries: tuple[Country, ...] = Field(min_length=1)


class Buttons(Frozen):
    """The labels on the standing panel."""

    start: Text
    work: Text
    person: Text
    help: Text
    privacy: Text


class Gate(Frozen):
    """The standing panel in the quarantine channel."""

    title: Text
    text: Text
    buttons: Buttons
