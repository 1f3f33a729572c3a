"""A person's own data on screen: what is held, the files, putting it right, and deleting it."""

from bot.config import Config
from bot.forgetting.erasure import Receipt
from bot.holdings import Holdings
from bot.model import CaseState, Scope
from bot.rights import Nothing, ToldBefore
from bot.screens import gate, links, my_data, panel
from bot.screens.elements import Press, Screen, Style, moment
from bot.screens.holdings import ON_DISCORD, Pen, Section, sections
from bot.words import Voice

DOWNLOAD, CORRECT, CANCEL = "mydatafiles", "mydatacorrect", "mydatacancel"
DELETE, CONSENT = "mydatadelete", "mydataconsent"
ALL_NOW, ALL_NOW_AS_MEMBER = "mydataall", "mydataallmember"
"""Which of the two somebody pressed says what they had read before."""
KEEP_LINKS_NOW = "mydatakeep"
CONSENT_NOW, CONSENT_NOW_AS_MEMBER = "mydataconsentnow", "mydataconsentmember"


def seen(voice: Voice, config: Config, result: Holdings | Nothing) -> Screen:
    """Everything that is held about somebody, and what they can do about it."""
    if isinstance(result, Nothing):
        return nothing(voice, result)
    told = [_on_discord(section) for section in sections(voice, config, result, ON_DISCORD)]
    as_of = voice.say("rights_as_of", at=moment(result.at, "f"))
    head = f"**{voice.say('rights_title')}**\n{as_of} {voice.say('rights_only_you')}"
    return Screen("\n\n".join([head, *told, voice.say("rights_contact")]), _presses(voice))


def _on_discord(section: Section) -> str:
    title = f"__{section.title}__" if section.part else f"**{section.title}**"
    return "\n".join([title, *section.lines])


def _presses(voice: Voice) -> tuple[Press, ...]:
    return (
        Press(DOWNLOAD, voice.say("rights_download"), style=Style.PRIMARY),
        Press(CORRECT, voice.say("rights_correct")),
        Press(CONSENT, voice.say("rights_take_back_consent")),
        Press(DELETE, voice.say("rights_delete"), style=Style.DANGER),
    )


def nothing(voice: Voice, result: Nothing) -> Screen:
    """Nothing is held about somebody, but perhaps what an earlier deletion left behind."""
    return Screen("\n\n".join(nothing_lines(voice, result, ON_DISCORD)))


def nothing_lines(voice: Voice, result: Nothing, pen: Pen) -> list[str]:
    """The same, line by line."""
    lines = [voice.say("rights_nothing")]
    if result.held_until is not None:
        lines.append(voice.say("rights_locked_number", at=pen.when(result.held_until)))
    if result.errands:
        lines.append(voice.say("rights_being_deleted"))
    return lines


def files(voice: Voice, config: Config, result: Holdings | Nothing) -> Screen:
    """The two files."""
    if isinstance(result, Nothing):
        return nothing(voice, result)
    return Screen(voice.say("rights_files"), files=my_data.files(voice, config, result))


def correcting(voice: Voice, config: Config, result: Holdings | Nothing) -> Screen:
    """How to put right what is held, as somebody stands now."""
    if isinstance(result, Nothing):
        return nothing(voice, result)
    newest = result.requests[0].case if result.requests else None
    if newest is not None and newest.state.is_open:
        if newest.state is CaseState.HELD and newest.sheet_id is not None:
            change = Press(gate.REOPEN, voice.say("change_my_answers"), style=Style.PRIMARY)
            return Screen(voice.say("rights_correct_held"), (change,))
        go_on = Press(panel.START, voice.say("where_i_stand"), style=Style.PRIMARY)
        return Screen(voice.say("rights_correct_open"), (go_on,))
    if result.is_member or newest is None:
        text = voice.say("rights_correct_member", days=config.retention.superseded.days)
        change = Press(links.CHANGE, voice.say("change_links"), style=Style.PRIMARY)
        return Screen(f"{text}\n\n{voice.say('rights_contact')}", (change,))
    return Screen(voice.say("rights_correct_closed"), (Press(gate.AGAIN, voice.say("start_again")),))


def before(voice: Voice, result: ToldBefore | Nothing) -> Screen:
    """What deleting would mean, and the choice."""
    if isinstance(result, Nothing):
        return nothing(voice, result)
    text = "\n\n".join(warning(voice, result, ON_DISCORD))
    cancel = Press(CANCEL, voice.say("rights_cancel"))
    return Screen(text, (*_choices(voice, result), cancel))


def warning(voice: Voice, result: ToldBefore, pen: Pen) -> list[str]:
    """What deleting would mean, in plain words."""
    consequence = result.consequence
    lines = [voice.say("rights_changed")] if result.changed else []
    match result.scope:
        case Scope.CONSENT:
            lines.append(voice.say("rights_consent_warning"))
            if consequence.is_member:
                lines.append(voice.say("rights_consent_member"))
        case Scope.REST:
            lines.extend([voice.say("rights_delete_rest"), voice.say("rights_delete_warning")])
        case Scope.PERSON:
            if result.links_can_stay:
                lines.append(voice.say("rights_delete_can_keep"))
            if consequence.is_member:
                lines.append(voice.say("rights_delete_member"))
            lines.append(voice.say("rights_delete_warning"))
            if result.worked:
                lines.append(voice.say("rights_delete_work"))
    if consequence.open_case:
        lines.append(voice.say("rights_delete_open"))
    if result.scope is Scope.PERSON and consequence.held_until is not None:
        lines.append(voice.say("rights_delete_kept_number", at=pen.when(consequence.held_until)))
    return lines


def _choices(voice: Voice, result: ToldBefore) -> list[Press]:
    is_member = result.consequence.is_member
    if result.scope is Scope.CONSENT:
        action = CONSENT_NOW_AS_MEMBER if is_member else CONSENT_NOW
        return [Press(action, voice.say("rights_consent_now"), style=Style.DANGER)]
    everything = ALL_NOW_AS_MEMBER if is_member else ALL_NOW
    presses = [Press(everything, voice.say("rights_delete_all"), style=Style.DANGER)]
    if result.links_can_stay:
        presses.insert(0, Press(KEEP_LINKS_NOW, voice.say("rights_keep_links"), style=Style.PRIMARY))
    return presses


def cancelled(voice: Voice) -> Screen:
    """Nothing was done."""
    return Screen(voice.say("rights_cancelled"), (panel.my_data(voice),))


def deleted(voice: Voice, config: Config, result: Receipt | ToldBefore | Nothing) -> Screen:
    """The receipt; or why nothing was deleted."""
    if not isinstance(result, Receipt):
        return before(voice, result)
    return Screen("\n".join(receipt(voice, config, result, ON_DISCORD)))


def receipt(voice: Voice, config: Config, result: Receipt, pen: Pen) -> list[str]:
    """What went, what is still going, what stays, and whom to write to."""
    lines = [voice.say(f"rights_done_{result.what.value}")]
    counts = [voice.say(f"rights_gone_{kind}", count=count) for kind, count in result.gone.items() if count]
    if result.messages_to_delete:
        counts.append(voice.say("rights_messages_going", count=result.messages_to_delete))
    lines.extend(f"- {count}" for count in counts)
    if result.role_taken:
        lines.append(voice.say("rights_role_going"))
    if result.held_until is not None:
        lines.append(voice.say("rights_locked_number", at=pen.when(result.held_until)))
    # With somebody's key gone, copies of the data say nothing; what is gone in part is sealed with it still.
    kept = config.retention.key_backups if result.what is Scope.PERSON else config.retention.backups
    lines.append(voice.say("rights_copies", days=kept.days))
    lines.append(voice.say("rights_receipt", ref=result.ref))
    return lines
