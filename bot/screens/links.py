"""A member's links, in words."""

from collections.abc import Callable

from bot.config import Config
from bot.filling import NotSaved, Summary
from bot.links import LinksOnRecord, NotAMember
from bot.minting import NextForm
from bot.model import Disclosed, Disclosure, Interest
from bot.questionnaire import Questionnaire
from bot.screens import forms as form_screens
from bot.screens.appeals import with_second_look
from bot.screens.elements import Press, Screen, Style, inert, moment
from bot.screens.panel import my_data
from bot.screens.terms import own_terms
from bot.words import Voice

CHANGE = "changelinks"


def on_record(voice: Voice, config: Config, result: LinksOnRecord | NotAMember) -> Screen:
    """What is on record about a member's links."""
    if isinstance(result, NotAMember):
        return Screen(voice.say("links_not_a_member"))
    press = Press(
        CHANGE, voice.say("carry_on_links" if result.changing else "change_links"), style=Style.PRIMARY
    )
    text = voice.say("links_none_on_record")
    if result.logged is not None:
        links = disclosure_lines(voice, config.questionnaire, result.logged.disclosure, own=True)
        text = voice.say("links_on_record", at=moment(result.logged.at, "D"), links=links)
    parts = [text, own_terms(voice, result.conditions)]
    screen = Screen("\n\n".join(part for part in parts if part), (press, my_data(voice)))
    return with_second_look(voice, config, screen, result.second_look)


def changing(voice: Voice, result: NextForm | Summary | NotSaved | NotAMember) -> Screen:
    """The next step of changing links."""
    match result:
        case NextForm():
            return form_screens.carry_on(voice, result)
        case Summary():
            return form_screens.summary(voice, result)
        case NotSaved():
            return form_screens.not_saved(voice, result)
        case NotAMember():
            return Screen(voice.say("links_not_a_member"))


def disclosure_lines(
    voice: Voice,
    questionnaire: Questionnaire,
    disclosure: Disclosure,
    *,
    own: bool = False,
    typed: Callable[[str], str] = inert,
) -> str:
    """A disclosure laid out as interests, for the person themselves or for a moderator.

    ``typed`` writes what somebody typed: inert, unless it is not for Discord.
    """
    whose = "own" if own else "theirs"
    if disclosure.disclosed is Disclosed.NONE:
        return voice.say(f"disclosed_none_{whose}")
    lines = []
    if disclosure.disclosed is Disclosed.UNDISCLOSED:
        lines.append(voice.say(f"undisclosed_{disclosure.gap}_{whose}"))
    for number, interest in enumerate(disclosure.interests, start=1):
        lines.append(_interest(voice, questionnaire, number, interest, whose, typed))
    return "\n".join(lines)


def _interest(
    voice: Voice,
    questionnaire: Questionnaire,
    number: int,
    interest: Interest,
    whose: str,
    typed: Callable[[str], str],
) -> str:
    def label(field_id: str, *codes: str) -> str:
        page = questionnaire.page_of(field_id)
        field = page.field(field_id) if page else None
        said = [field.label_of(code, voice.locale) if field else code for code in codes if code]
        return "; ".join(voice.fill(text) for text in said) or voice.say("not_answered")

    organisation = (typed(interest.organisation) if interest.organisation else "") or voice.say("not_named")
    client = (
        voice.say("interest_client", client=typed(interest.on_behalf_of)) if interest.on_behalf_of else ""
    )
    text = voice.say(
        "interest",
        number=number,
        organisation=organisation,
        client=client,
        category=label("category", interest.category),
        relationships=label("relationship", *interest.relationships),
        period=label("period", interest.period),
        holder=voice.say(f"holder_{interest.holder}_{whose}"),
    )
    more = []
    if interest.purposes:
        more.append(voice.say(f"interest_purpose_{whose}", purpose=label("purpose", *interest.purposes)))
    if interest.data_uses:
        more.append(voice.say("interest_use", use=label("data_use", *interest.data_uses)))
    if interest.goal:
        more.append(voice.say(f"interest_goal_{whose}", goal=typed(interest.goal)))
    return "\n".join([text, *more])
