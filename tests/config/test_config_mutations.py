"""Each small mistake in the example file gets its own clear line, and never a traceback."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from bot.config import Finding, Loaded

Load = Callable[[str], Loaded]

DISCORD = """[discord]
server = "100000000000000001"
member_role = "100000000000000002"
quarantine_channel = "100000000000000003"
review_channel = "100000000000000004"
welcome_channel = "100000000000000005"
moderator_roles = ["100000000000000006"]

[storage]
# Where cases"""


@dataclass(frozen=True)
class Told:
    """What the check should say about the mistake."""

    at: str
    """Words in the edited text: the line they stand on is the line to be named. Empty: no line."""
    path: str
    problem: str
    mend: str
    severity: str = "error"


@dataclass(frozen=True)
class Mistake:
    """An edit of the example, and everything that is to be said about it."""

    name: str
    old: str
    new: str
    told: tuple[Told, ...]


def mistake(name: str, old: str, new: str, *told: Told) -> Mistake:
    return Mistake(name, old, new, told)


HERE_AS_SELF = """    { field = "belongs", one_of = ["yes"] },
    { field = "capacity", one_of = ["self"] },
"""
DUTY = '["yes", "not_sure", "rather_not_say"]'
FIRST_STATEMENTS = """options = [
    { value = "true", label = "To the best of my knowledge, my answers are true and complete" },
    { value = "named", label = "I have named everyone I am here for" },
    { value = "keep", label"""

COMMUNITY = (
    mistake(
        "a misspelt table",
        "[timers]",
        "[timer]",
        Told("[timer]", "timer", "is not a key that exists", 'write "timers"'),
    ),
    mistake(
        "a misspelt key",
        'discreet_name = "your',
        'discret_name = "your',
        Told("[community]\n", "community.discreet_name", "is missing", "add discreet_name"),
        Told("discret_name", "community.discret_name", "is not a key", 'write "discreet_name"'),
    ),
    mistake(
        "a required key left out",
        'work_contact = "work@harbour.example"\n',
        "",
        Told("[community]\n", "community.work_contact", "is missing", "add work_contact"),
    ),
    mistake(
        "a number where a text belongs",
        'name = "The Harbour"',
        "name = 7",
        Told("name = 7", "community.name", "is not text", "in quotes"),
    ),
    mistake(
        "an empty name",
        'name = "The Harbour"',
        'name = "  "',
        Told('name = "', "community.name", "is empty", "write something"),
    ),
    mistake(
        "a time zone that does not exist",
        'time_zone = "UTC"',
        'time_zone = "Europe/Londn"',
        Told("time_zone", "community.time_zone", "is not a time zone", "IANA"),
    ),
    mistake(
        "an age below the range",
        "minimum_age = 18",
        "minimum_age = 12",
        Told("minimum_age", "community.minimum_age", "is too small", "write 13 or more"),
    ),
    mistake(
        "an age above the range",
        "minimum_age = 18",
        "minimum_age = 26",
        Told("minimum_age", "community.minimum_age", "is too large", "write 25 or less"),
    ),
    mistake(
        "a language that is not a code",
        'language = "en"',
        'language = "English"',
        Told("language", "community.language", "is not a language code", '"en"'),
    ),
    mistake(
        "a language without a catalogue",
        'language = "en"',
        'language = "fy"',
        Told("language", "community.language", "two languages", "use one of", severity="warning"),
    ),
    mistake(
        "the token in the file, under its own name",
        "[storage]\n",
        '[storage]\ndiscord_token = "hush"\n',
        Told("discord_token", "storage.discord_token", "is a secret", "DISCORD_TOKEN in the environment"),
    ),
    mistake(
        "something that looks like a token",
        'privacy_contact = "privacy@harbour.example"',
        f'privacy_contact = "{"M" * 24}.{"a" * 6}.{"z" * 30}"',
        Told("privacy_contact", "community.privacy_contact", "looks like a Discord token", "move it to"),
    ),
    mistake(
        "a control character",
        'discreet_name = "your community"',
        'discreet_name = "your\\u0007 community"',
        Told("discreet_name", "community.discreet_name", "control character", "without it"),
    ),
)

TABLES = (
    mistake(
        "an id that is too short",
        "[storage]\n# Where cases",
        DISCORD.replace("100000000000000001", "123"),
        Told("server", "discord.server", "is not a Discord id", "15 to 20 digits"),
    ),
    mistake(
        "an empty list of moderator roles",
        "[storage]\n# Where cases",
        DISCORD.replace('"100000000000000006"', ""),
        Told("moderator_roles", "discord.moderator_roles", "is empty", "at least one"),
    ),
    mistake(
        "an id left out of [discord]",
        "[storage]\n# Where cases",
        DISCORD.replace('review_channel = "100000000000000004"\n', ""),
        Told("[discord]\n", "discord.review_channel", "is missing", "add review_channel"),
    ),
    mistake(
        "moderators and applicants in one channel",
        "[storage]\n# Where cases",
        DISCORD.replace("100000000000000004", "100000000000000003"),
        Told("review_channel", "discord.review_channel", "is the quarantine channel", "only moderators see"),
    ),
    mistake(
        "the role of everybody as member role",
        "[storage]\n# Where cases",
        DISCORD.replace("100000000000000002", "100000000000000001"),
        Told("member_role", "discord.member_role", "the role of everybody", "make a role for members"),
    ),
    mistake(
        "the member role as moderator role",
        "[storage]\n# Where cases",
        DISCORD.replace("100000000000000006", "100000000000000002"),
        Told("moderator_roles", "discord.moderator_roles[1]", "every member could decide", "only moderators"),
    ),
    mistake(
        "data and keys in one file",
        'keys = "keys/keys.db"',
        'keys = "data/porchlight.db"',
        Told("keys", "storage.keys", "same file as database", "keys/keys.db"),
    ),
    mistake(
        "a length of time without its unit",
        'decision_target = "72h"',
        "decision_target = 72",
        Told("decision_target", "timers.decision_target", "is not a length of time", '"24h"'),
    ),
    mistake(
        "a length of time in words",
        'person_target = "24h"',
        'person_target = "one day"',
        Told("person_target", "timers.person_target", "is not a length of time", '"7d"'),
    ),
    mistake(
        "neither true nor false",
        "human_confirm = false",
        'human_confirm = "perhaps"',
        Told("human_confirm", "admission.human_confirm", "neither true nor false", "write true or false"),
    ),
    mistake(
        "an hour that no day has",
        "notice_hour = 9",
        "notice_hour = 24",
        Told("notice_hour", "review.notice_hour", "is too large", "23 or less"),
    ),
    mistake(
        "two reasons with one id",
        'id = "research"\nlabel',
        'id = "work"\nlabel',
        Told('id = "work"', "review.reasons.work.id", "of another one too", "its own id"),
    ),
    mistake(
        "a reason for something machines and moderators never do",
        'outcomes = ["decline", "redirect"]',
        'outcomes = ["declin", "redirect"]',
        Told("outcomes", "review.reasons.other.outcomes[1]", '"declin" is not one', 'write "decline"'),
    ),
    mistake(
        "a placeholder that does not exist",
        "There is a front door for you: {work_contact}.",
        "There is a front door for you: {work_contat}.",
        Told(
            'text = """\nThank you for telling us who you work',
            "review.reasons.work.text",
            "{work_contat}",
            "write {work_contact}",
        ),
    ),
    mistake(
        "a help line checked long ago",
        '{ name = "988 Lifeline", contact = "988", hours = "day and night" }',
        '{ name = "988 Lifeline", contact = "988", checked = 2025-06-01 }',
        Told(
            "988 Lifeline",
            "help.countries[3].lines[1].checked",
            "273 days ago",
            "checked = 2026-03-01",
            "warning",
        ),
    ),
    mistake(
        "a help line checked tomorrow",
        '{ name = "988 Lifeline", contact = "988", hours = "day and night" }',
        '{ name = "988 Lifeline", contact = "988", checked = 2026-03-02 }',
        Told("988 Lifeline", "help.countries[3].lines[1].checked", "in the future", "2026-03-01", "warning"),
    ),
    mistake(
        "a date in words",
        '{ name = "988 Lifeline", contact = "988", hours = "day and night" }',
        '{ name = "988 Lifeline", contact = "988", checked = "today" }',
        Told("988 Lifeline", "help.countries[3].lines[1].checked", "is not a date", "such as 2026-03-01"),
    ),
    mistake(
        "a reminder after the closing",
        'reminders = ["2d", "5d"]',
        'reminders = ["2d", "8d"]',
        Told("reminders", "timers.reminders[2]", "has closed already", "less than lapse_after"),
    ),
    mistake(
        "a reminder just before the closing",
        'reminders = ["2d", "5d"]',
        'reminders = ["2d", "150h"]',
        Told("reminders", "timers.reminders[2]", "less than a day before the request closes", "leave a day"),
    ),
    mistake(
        "two reminders in a day",
        'reminders = ["2d", "5d"]',
        'reminders = ["2d", "50h"]',
        Told("reminders", "timers.reminders[2]", "two messages in a day", "leave a day between them"),
    ),
    mistake(
        "removal without a way back",
        'after_lapse = "keep"',
        'after_lapse = "remove"',
        Told("after_lapse", "timers.after_lapse", "without telling them how to come back", "write way_back"),
    ),
    mistake(
        "a closing rule that does not fit",
        "[messages]\n",
        '[messages]\npanel_closing = "' + "Really. " * 160 + '"\n',
        Told('text = """\nThis is a private space', "gate.text", "the panel, help numbers", "shorten it by"),
    ),
    mistake(
        "a closing rule with a brace that does not close",
        "[messages]\n",
        '[messages]\npanel_closing = "After {days"\n',
        Told("panel_closing", "messages.panel_closing", "has a brace that does not close", "close the brace"),
    ),
    mistake(
        "a panel that does not fit one message",
        "We will never ask you for money, passwords or documents.",
        "We will never ask you for money, passwords or documents. " + "Really. " * 140,
        Told(
            'text = """\nThis is a private space',
            "gate.text",
            "the panel, help numbers included",
            "shorten it by",
        ),
    ),
    mistake(
        "a button that phones cut off",
        'start = "Start or carry on"',
        'start = "Start here, or carry on where you stopped last time"',
        Told("start", "gate.buttons.start", "phones cut off", "shorten it by 13", "warning"),
    ),
    mistake(
        "a button that Discord refuses",
        'start = "Start or carry on"',
        f'start = "{"Start " * 14}"',
        Told("start", "gate.buttons.start", "is 83 characters long, and 80 fit", "shorten it by 3"),
    ),
    mistake(
        "a brace that does not close",
        'title = "Before you join"',
        'title = "Before you join {name"',
        Told("title", "gate.title", "a brace that does not close", "{{ and }}"),
    ),
    mistake(
        "a sentence that does not exist",
        "[messages]\n",
        '[messages]\nno_such_sentence_at_all = "x"\n',
        Told("no_such", "messages.no_such_sentence_at_all", "not the key of a sentence", ""),
    ),
)

PAGES = (
    mistake(
        "a title that is too long",
        'title = "About you"',
        'title = "About you, and about why you are here with us today"',
        Told("title", "pages.about.title", "is 51 characters long, and 45 fit", "shorten it by 6"),
    ),
    mistake(
        "a label that is too long in one language",
        'label = "Why are you here?"',
        'label = { en = "For whom?", en-GB = "Who might you be here for, if we may ask? We may." }',
        Told("label", "pages.about.fields.capacity.label.en-GB", "and 45 fit", "shorten it by"),
    ),
    mistake(
        "a description that is too long",
        'description = "Choose the closest one."',
        f'description = "{"Choose. " * 13}"',
        Told("description", "pages.link.fields.category.description", "103 characters long, and 100", "by 3"),
    ),
    mistake(
        "a kind of field that does not exist",
        'kind = "long_text"',
        'kind = "longtext"',
        Told("kind", "pages.purpose.fields.goal.kind", '"longtext" is not one', 'write "long_text"'),
    ),
    mistake(
        "an unknown key in a field",
        'label = "Your aim, in a few words"',
        'label = "Your aim, in a few words"\nplacholder = "A few words"',
        Told("placholder", "pages.purpose.fields.goal.placholder", "is not a key", 'write "placeholder"'),
    ),
    mistake(
        "a question without its label",
        'label = "Your aim, in a few words"\n',
        "",
        Told('[[pages.fields]]\nid = "goal"', "pages.purpose.fields.goal.label", "is missing", "add label"),
    ),
    mistake(
        "options on a text field",
        'label = "Your aim, in a few words"',
        'label = "Your aim, in a few words"\noptions = [{ value = "x", label = "X" }]',
        Told("options", "pages.purpose.fields.goal.options", "does nothing for a long_text", "take it out"),
    ),
    mistake(
        "a text field longer than Discord takes",
        "max_length = 400",
        "max_length = 5000",
        Told("max_length", "pages.purpose.fields.goal.max_length", "more than Discord takes", "4000 or less"),
    ),
    mistake(
        "a text that must be longer than it may be",
        "max_length = 400",
        "max_length = 400\nmin_length = 500",
        Told("min_length", "pages.purpose.fields.goal.min_length", "more than the 400", "400 or less"),
    ),
    mistake(
        "a radio button with one option",
        """    { value = "self", label = "For myself, or someone I care or cared for" },
    { value = "work", label = "For work, studies or a project" },
    { value = "both", label = "Both" },
]
problem = "Choose who""",
        """    { value = "both", label = "Both" },
]
problem = "Choose who""",
        Told(
            'options = [\n    { value = "both"',
            "pages.about.fields.capacity.options",
            "has 1 option, and a radio takes 2 to 10",
            "add some",
        ),
        Told(
            '{ field = "capacity", one_of = ["work", "both"] },\n    { any',
            "pages.purpose.show_when.any[1].one_of[1]",
            'no option "work"',
            "both",
        ),
        Told(
            '{ field = "capacity", one_of = ["self"] },\n    { field = "links"',
            "rules.not_for_me.when.all[2].one_of[1]",
            'no option "self"',
            "use one of both",
        ),
        Told(
            '{ field = "capacity", one_of = ["work", "both"] },\n] }\npropose',
            "rules.work_only.when.all[2].one_of[1]",
            'no option "work"',
            "both",
        ),
        Told(
            '{ field = "capacity", one_of = ["self"] },\n    { fact = "disclosed", one_of = ["none"]',
            "rules.nil_return.when.all[2].one_of[1]",
            'no option "self"',
            "use one of both",
        ),
        Told(
            '{ field = "capacity", one_of = ["self"] },\n    { fact = "disclosed", one_of = ["some"]',
            "rules.older_links.when.all[2].one_of[1]",
            'no option "self"',
            "use one of both",
        ),
    ),
    mistake(
        "a checkbox group with eleven options",
        '    { value = "coursework", label',
        '    { value = "rather_not_say", label = "No answer" },\n    { value = "coursework", label',
        Told(
            'options = [\n    { value = "peer_support"',
            "pages.purpose.fields.purpose.options",
            "has 11 options, and a checkbox_group takes 1 to 10",
            "take out some",
        ),
    ),
    mistake(
        "an option given twice",
        '{ value = "listen", label',
        '{ value = "inform", label',
        Told(
            '{ value = "inform", label = "Share facts',
            "pages.purpose.fields.purpose.options.inform.value",
            '"inform" is the value of another one',
            "its own value",
        ),
    ),
    mistake(
        "more ticks than options",
        'label = "What do you hope to do here?"',
        'label = "What do you hope to do here?"\nmax_values = 11',
        Told(
            "max_values", "pages.purpose.fields.purpose.max_values", "more than the 10 options", "10 or less"
        ),
    ),
    mistake(
        "an option that the bot does not understand",
        '{ value = "past36", label',
        '{ value = "past_36", label',
        Told("past_36", "pages.link.fields.period.options.past_36.value", "does not understand", '"past36"'),
    ),
    mistake(
        "an option that the bot relies on misspelt",
        '{ value = "no", label = "No, I am under {minimum_age}" }',
        '{ value = "now", label = "No, I am under {minimum_age}" }',
        Told('"now"', "pages.about.fields.age_ok.options.now.value", "does not understand", 'write "no"'),
    ),
    mistake(
        "two fields with one id",
        'id = "goal"',
        'id = "instructed"',
        Told('id = "instructed"', "pages.purpose.fields.instructed.id", "of another one too", "its own id"),
        Told(
            'kind = "long_text"',
            "pages.purpose.fields.instructed.kind",
            "a question with one answer",
            'kind = "radio"',
        ),
    ),
    mistake(
        "six fields on a form",
        'problem = "Enter your aim in a few words."',
        'problem = "Enter your aim in a few words."\n\n'
        '[[pages.fields]]\nid = "more"\nkind = "short_text"\nlabel = "More?"',
        Told(
            '[[pages.fields]]\nid = "purpose"', "pages.purpose.fields", "more than 5 fields", "another page"
        ),
    ),
    mistake(
        "a label that asks for a diagnosis",
        'label = "Your aim, in a few words"',
        'label = "Your diagnosis, in a few words"',
        Told("label", "pages.purpose.fields.goal.label", "asks about health", "ask for the role", "warning"),
    ),
    mistake(
        "a label that asks for proof",
        'label = "Your aim, in a few words"',
        'label = "What proof can you show us?"',
        Told("label", "pages.purpose.fields.goal.label", "asks for proof", "nobody is asked", "warning"),
    ),
    mistake(
        "a German label that asks for money",
        'label = "Your aim, in a few words"',
        'label = "Wie viel Geld bekommen Sie?"',
        Told("label", "pages.purpose.fields.goal.label", "amount of money", "kind of link", "warning"),
    ),
    mistake(
        "a page that repeats without a button to add",
        'repeat_button = "Add another link"\n',
        "",
        Told('[[pages]]\nid = "link"', "pages.link.repeat_button", "is missing", "Add another"),
    ),
    mistake(
        "no page with statements",
        "\nstatements = true",
        "",
        Told('[[pages]]\nid = "about"', "pages", "statements = true", "add such a page"),
    ),
    mistake(
        "a statement that may be left unticked",
        f"min_values = 4\n{FIRST_STATEMENTS}",
        f"min_values = 3\n{FIRST_STATEMENTS}",
        Told(
            "min_values",
            "pages.statements.fields.statements.min_values",
            "has to be ticked",
            "min_values = 4",
        ),
    ),
    mistake(
        "statements that some would not see",
        'show_when = { not = { field = "reporting_duty", one_of = ["yes", "not_sure", "rather_not_say"] } }',
        'show_when = { field = "reporting_duty", one_of = ["no"] }',
        Told(
            '[[pages.fields]]\nid = "statements"',
            "pages.statements.fields",
            "some people would see no statement",
            "to everybody",
        ),
    ),
    mistake(
        "a needed field under another name",
        'id = "relationship"',
        'id = "relation"',
        Told(
            '[[pages]]\nid = "about"', "pages", 'no page has the field "relationship"', 'id = "relationship"'
        ),
    ),
    mistake(
        "an id with a capital letter",
        'id = "goal"',
        'id = "Goal"',
        Told('id = "Goal"', "pages.purpose.fields.Goal.id", "cannot be an id", "small letters"),
    ),
)

CONDITIONS = (
    mistake(
        "a condition on a field that does not exist",
        'show_when = { field = "links", one_of',
        'show_when = { field = "link", one_of',
        Told("show_when", "pages.link.show_when.field", 'there is no field "link"', 'write "links"'),
    ),
    mistake(
        "a condition on an option that does not exist",
        'show_when = { field = "links", one_of = ["yes", "not_sure"] }',
        'show_when = { field = "links", one_of = ["yes", "notsure"] }',
        Told("show_when", "pages.link.show_when.one_of[2]", 'no option "notsure"', 'write "not_sure"'),
    ),
    mistake(
        "a condition on a field that comes later",
        'show_when = { field = "links", one_of = ["yes", "not_sure"] }',
        'show_when = { field = "reporting_duty", one_of = ["yes"] }',
        Told("show_when", "pages.link.show_when.field", "comes later", "an earlier page"),
    ),
    mistake(
        "a condition on a field of the same page",
        'label = "Why are you here?"',
        'label = "Why are you here?"\nshow_when = { field = "belongs", one_of = ["yes"] }',
        Told("show_when", "pages.about.fields.capacity.show_when.field", "the same page", "an earlier page"),
    ),
    mistake(
        "a condition on a field of a page that repeats",
        '{ field = "capacity", one_of = ["work", "both"] },\n    { any_entry_of',
        '{ field = "period", one_of = ["current"] },\n    { any_entry_of',
        Told("period", "pages.purpose.show_when.any[1].field", "several entries", 'any_entry_of = "link"'),
    ),
    mistake(
        "entries of a page that does not exist",
        '    { any_entry_of = "link"',
        '    { any_entry_of = "links"',
        Told("any_entry_of", "pages.purpose.show_when.any[2].any_entry_of", "there is no page", '"link"'),
    ),
    mistake(
        "a fact where only fields are known",
        'show_when = { field = "links", one_of = ["yes", "not_sure"] }',
        'show_when = { fact = "disclosed", one_of = ["some"] }',
        Told("show_when", "pages.link.show_when.fact", "only rules can ask", "ask about a field"),
    ),
    mistake(
        "a condition with two heads",
        'show_when = { field = "links", one_of = ["yes", "not_sure"] }',
        'show_when = { field = "links", fact = "disclosed", one_of = ["yes"] }',
        Told("show_when", "pages.link.show_when", "exactly one of field, fact", "write it like"),
    ),
    mistake(
        "a condition with a misspelt key",
        'show_when = { field = "links", one_of = ["yes", "not_sure"] }',
        'show_when = { field = "links", oneof = ["yes", "not_sure"] }',
        Told("show_when", "pages.link.show_when.oneof", "is not a key", 'write "one_of"'),
    ),
    mistake(
        "a page that nobody can reach",
        'show_when = { field = "links", one_of = ["yes", "not_sure"] }',
        'show_when = { all = [{ field = "links", only = ["yes"] }, { field = "links", one_of = ["no"] }] }',
        Told(
            "show_when", "pages.link.show_when", "can never hold, so nobody gets to see this page", "change"
        ),
    ),
    mistake(
        "a field that nobody can reach",
        'label = "Who is the work done for? (optional)"',
        'label = "Who is the work done for? (optional)"\nshow_when = { field = "links", one_of = ["no"] }',
        Told(
            "show_when", "pages.link.fields.on_behalf_of.show_when", "nobody gets to see this field", "change"
        ),
    ),
    mistake(
        "a condition that always holds",
        'label = "Who is the work done for? (optional)"',
        'label = "Who is the work done for? (optional)"\nshow_when = { field = "links", answered = true }',
        Told(
            "show_when", "pages.link.fields.on_behalf_of.show_when", "always holds", "take it out", "warning"
        ),
    ),
    mistake(
        "options asked of a text",
        f'description = "Tick all four lines."\nshow_when = {{ field = "reporting_duty", one_of = {DUTY} }}',
        'description = "Tick all four lines."\nshow_when = { field = "goal", one_of = ["yes"] }',
        Told(
            "show_when",
            "pages.statements.fields.statements_duty.show_when.one_of",
            "is typed",
            "answered = true",
        ),
    ),
)

RULES = (
    mistake(
        "a rule that refuses",
        'propose = "hold"\nreason = "undisclosed"',
        'propose = "decline"\nreason = "undisclosed"',
        Told("propose", "rules.undisclosed.propose", "people refuse", 'write "hold"'),
    ),
    mistake(
        "a misspelt proposal",
        '{ fact = "disclosed", one_of = ["none"] },\n] }\npropose = "admit"',
        '{ fact = "disclosed", one_of = ["none"] },\n] }\npropose = "admitt"',
        Told("propose", "rules.nil_return.propose", '"admitt" is not one', 'write "admit"'),
    ),
    mistake(
        "a reason that does not exist",
        'reason = "contradiction"',
        'reason = "contradicton"',
        Told("reason", "rules.contradiction.reason", "is not one of the choices", '"contradiction"'),
    ),
    mistake(
        "a page rule without its page",
        'propose = "page"\npage = "work"',
        'propose = "page"',
        Told('[[rules]]\nid = "work_only"', "rules.work_only.page", "does not say which page", "not_for_me"),
    ),
    mistake(
        "a page on a rule that holds",
        'propose = "hold"\nreason = "contradiction"',
        'propose = "hold"\nreason = "contradiction"\npage = "work"',
        Told("page", "rules.contradiction.page", "does not go with", "take it out"),
    ),
    mistake(
        "a reason on a rule that admits",
        '{ fact = "recent_link", one_of = ["no"] },\n] }\npropose = "admit"',
        '{ fact = "recent_link", one_of = ["no"] },\n] }\npropose = "admit"\nreason = "unclear"',
        Told("reason", "rules.older_links.reason", "does not go with", "take it out"),
    ),
    mistake(
        "two people for a page",
        'page = "under_age"\n\n[[rules]]',
        'page = "under_age"\nconfirm = "two"\n\n[[rules]]',
        Told("confirm", "rules.under_age.confirm", "nothing to confirm", "take it out"),
    ),
    mistake(
        "three people for a rule",
        'id = "nil_return"',
        'id = "nil_return"\nconfirm = "three"',
        Told("confirm", "rules.nil_return.confirm", "", "two"),
    ),
    mistake(
        "a fact that does not exist",
        'when = { fact = "client_missing", one_of = ["yes"] }',
        'when = { fact = "clientmissing", one_of = ["yes"] }',
        Told("when", "rules.client_missing.when.fact", "there is no fact", 'write "client_missing"'),
    ),
    mistake(
        "a value that a fact never has",
        'when = { fact = "contradiction", one_of = ["yes"] }',
        'when = { fact = "contradiction", one_of = ["true"] }',
        Told("when", "rules.contradiction.when.one_of[1]", 'is never "true"', "use one of yes, no"),
    ),
    mistake(
        "a fact in a rule that shows a page",
        'when = { field = "age_ok", one_of = ["no"] }',
        'when = { fact = "contradiction", one_of = ["yes"] }',
        Told("when", "rules.under_age.when.fact", "before facts are worked out", "ask about a field"),
    ),
    mistake(
        "a rule in the shadow of an earlier one",
        'id = "contradiction"\n',
        'id = "again"\nbecause = "Links not told"\n'
        'when = { all = [{ fact = "disclosed", one_of = ["undisclosed"] }, '
        '{ field = "belongs", answered = true }] }\n'
        'propose = "hold"\n\n[[rules]]\nid = "contradiction"\n',
        Told("when", "rules.again.when", 'never fires: "undisclosed" fires first', "further up"),
    ),
    mistake(
        "a rule that contradicts itself",
        '{ fact = "recent_link", one_of = ["no"] },',
        '{ fact = "recent_link", one_of = ["no"] },\n    { field = "links", one_of = ["no"] },',
        Told(
            f'when = {{ all = [\n{HERE_AS_SELF}    {{ fact = "disclosed", one_of = ["some"]',
            "rules.older_links.when",
            "can never hold, so this rule never fires",
            "change the condition",
        ),
    ),
    mistake(
        "a rule that admits people who told nothing",
        '    { fact = "disclosed", one_of = ["none"] },\n',
        '    { field = "links", one_of = ["no"] },\n',
        Told(
            f'when = {{ all = [\n{HERE_AS_SELF}    {{ field = "links"',
            "rules.nil_return.when",
            "nobody undisclosed is admitted",
            'add { fact = "disclosed", one_of = ["none"] }',
        ),
    ),
    mistake(
        "no rule for people under age",
        'page = "under_age"',
        'page = "not_for_me"',
        Told('[[rules]]\nid = "under_age"', "rules", "too young", "add one at the top"),
    ),
    mistake(
        "two rules with one id",
        'id = "work_only"',
        'id = "not_for_me"',
        Told('id = "not_for_me"', "rules.not_for_me.id", "of another one too", "its own id"),
    ),
)

SYNTAX = (
    mistake(
        "a quote that does not close",
        'time_zone = "UTC"',
        'time_zone = "UTC',
        Told("time_zone", "", "is not TOML", "look at this line"),
    ),
    mistake(
        "a key given twice",
        "minimum_age = 18",
        "minimum_age = 18\nminimum_age = 19",
        Told("minimum_age = 19", "", "is not TOML", "look at this line"),
    ),
)

MISTAKES = (*COMMUNITY, *TABLES, *PAGES, *CONDITIONS, *RULES, *SYNTAX)


def line_of(told: Told, edit: Mistake, example: str, edited: str) -> int | None:
    """The line to be named: of the words in the edit itself, else of the only such words in the file."""
    if not told.at:
        return None
    start = example.index(edit.old)
    position = edited.find(told.at, start, start + len(edit.new))
    if position < 0:
        assert edited.count(told.at) == 1, f"{told.at!r} stands {edited.count(told.at)} times in the file"
        position = edited.index(told.at)
    return edited.count("\n", 0, position) + 1


def news(found: tuple[Finding, ...], known: tuple[Finding, ...]) -> list[Finding]:
    """The findings that the untouched example does not have."""
    before = {(finding.path, finding.problem) for finding in known}
    return [finding for finding in found if (finding.path, finding.problem) not in before]


@pytest.fixture(scope="module")
def untouched(example: str, load_text: Load) -> Loaded:
    """The example as it is."""
    return load_text(example)


@pytest.mark.parametrize("edit", MISTAKES, ids=lambda edit: edit.name.replace(" ", "_"))
def test_a_mistake_is_told_on_its_own_line(
    edit: Mistake, example: str, untouched: Loaded, load_text: Load
) -> None:
    """Exactly what is wrong is named, at its line, with what to write instead."""
    assert example.count(edit.old) == 1, f"the example has {example.count(edit.old)} of {edit.old!r}"
    edited = example.replace(edit.old, edit.new)

    loaded = load_text(edited)

    found = news(loaded.findings, untouched.findings)
    expected = {(told.severity, told.path, line_of(told, edit, example, edited)): told for told in edit.told}
    assert {(f.severity, f.path, f.line) for f in found} == set(expected), [
        f.told("config.toml") for f in found
    ]
    assert len(found) == len(edit.told)
    for finding in found:
        told = expected[finding.severity, finding.path, finding.line]
        assert told.problem in finding.problem
        assert told.mend in finding.mend
    has_error = any(told.severity == "error" for told in edit.told)
    assert (loaded.config is None) is has_error


def test_there_are_enough_mistakes() -> None:
    """The table is as long as the issue asks, and no two rows have one name."""
    assert len(MISTAKES) >= 40
    assert len({edit.name for edit in MISTAKES}) == len(MISTAKES)


def test_many_mistakes_are_told_at_once(example: str, load_text: Load) -> None:
    """Mistakes in different tables do not hide each other."""
    together = (*TABLES[8:10], *COMMUNITY[6:7], *PAGES[:1], *RULES[1:2])
    edited = example
    for edit in together:
        edited = edited.replace(edit.old, edit.new)

    found = {finding.path for finding in load_text(edited).findings}

    assert found >= {told.path for edit in together for told in edit.told}


def test_a_finding_reads_as_file_line_key_problem_mend(example: str, load_text: Load) -> None:
    """The line that `check` prints."""
    edited = example.replace("minimum_age = 18", "minimum_age = 12")
    line = edited[: edited.index("minimum_age = 12")].count("\n") + 1

    errors = load_text(edited).errors

    told = [error.told("config.toml") for error in errors]
    assert told == [f"config.toml:{line}: community.minimum_age: is too small; write 13 or more"]
