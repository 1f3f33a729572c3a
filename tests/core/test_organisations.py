"""The register of organisations: one name, one organisation; mergers that lose nothing; no circles."""

import asyncio
import json
from pathlib import Path

import pytest

from bot.fairness.organisations import MOST_LISTED, Entry, Kept, Listed, NotKept, Organisations
from bot.fairness.ties import linked
from bot.model import Disclosed, Disclosure, Interest
from bot.screens.organisations import kept, listed
from tests.support import ANN, MOD, SECOND_MOD, FakeClock, World, config, world_in

MARKUP = "**Bold** @everyone <@1> [x](http://evil.example) `code`"


@pytest.fixture
def register(world: World) -> Organisations:
    """The register of this world."""
    return Organisations(world.foundation)


async def added(register: Organisations, *names: str, kind: str = "industry") -> None:
    """Organisations that are in the register."""
    for name in names:
        result = await register.add(MOD, name, kind)
        assert isinstance(result, Kept), result
        assert result.what == "added"


async def entry(register: Organisations, name: str) -> Entry:
    """An organisation as it stands."""
    result = await register.show(MOD, name)
    assert isinstance(result, Kept), result
    return result.entry


def named(organisation: str, *, on_behalf_of: str = "", period: str = "current") -> Disclosure:
    """A disclosure with one link."""
    link = Interest(
        "industry", ("employment",), "self", "self", period, organisation=organisation,
        on_behalf_of=on_behalf_of,
    )  # fmt: skip
    return Disclosure(Disclosed.SOME, (link,))


async def tied(world: World, mine: Disclosure, theirs: Disclosure) -> bool:
    """Whether two people are tied, asked from both sides."""
    on = world.foundation
    ways = [
        await on.database.read(lambda c: linked(c, on, mine, theirs)),
        await on.database.read(lambda c: linked(c, on, theirs, mine)),
    ]
    assert ways[0] == ways[1]
    return ways[0]


async def test_an_organisation_is_found_however_its_name_is_written(register: Organisations) -> None:
    """By any of its names, and there is one for each."""
    await added(register, "Helix Pharma")
    again = await register.add(SECOND_MOD, "HELIX PHARMA Ltd", "industry")
    assert again == NotKept("name_taken", "Helix Pharma")

    result = await register.alias(MOD, "helix-pharma", "HXP")
    assert isinstance(result, Kept)
    assert result.entry.others == ("HXP",)
    assert await entry(register, "h.x.p.") == result.entry
    before = await register.alias(MOD, result.entry.id, "Helix Pharma GmbH")
    assert isinstance(before, Kept)
    assert before.what == "named_before"


async def test_two_presses_at_once_make_one(register: Organisations, world: World) -> None:
    """The second hears that it is there."""
    results = await asyncio.gather(*(register.add(MOD, "Helix Pharma", "industry") for _ in range(5)))

    assert sum(isinstance(one, Kept) for one in results) == 1
    assert await world.one("SELECT count(*) FROM organisation") == 1
    assert await world.one("SELECT count(*) FROM event WHERE action = 'organisation.added'") == 1


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("  ", "industry", "no_name"),
        ("n/a", "industry", "no_name"),
        ("x" * 121, "industry", "long_name"),
        ("Helix", "secret_society", "no_such_kind"),
    ],
)
async def test_what_cannot_be_put_in(register: Organisations, name: str, kind: str, code: str) -> None:
    """Each has a sentence that says what to do."""
    result = await register.add(MOD, name, kind)

    assert result == NotKept(code)
    assert len(kept(config().words.voice("en"), {}, result).text) > 20


async def test_only_moderators_keep_it(register: Organisations, world: World) -> None:
    """Nobody else reads a name, or learns whether there is one."""
    await added(register, "Helix Pharma", "Meridian")
    nobody = NotKept("not_a_moderator")

    assert await register.add(ANN, "Other", "industry") == nobody
    assert await register.alias(ANN, "Meridian", "Other") == nobody
    assert await register.set_parent(ANN, "Meridian", "Helix Pharma") == nobody
    assert await register.merge(ANN, "Meridian", "Helix Pharma") == nobody
    assert await register.show(ANN, "Meridian") == await register.show(ANN, "No such") == nobody
    assert await register.search(ANN, "") == nobody
    assert await register.suggest(ANN, "") == []
    assert await world.one("SELECT count(*) FROM organisation") == 2


async def test_owners_stand_in_a_line_and_never_go_round(register: Organisations) -> None:
    """Whoever is above is shown, whoever is below too, and a circle is refused with a sentence."""
    await added(register, "Top", "Middle", "Bottom")
    await register.set_parent(MOD, "Bottom", "Middle")
    result = await register.set_parent(MOD, "Middle", "Top")
    assert isinstance(result, Kept)

    assert (result.what, result.entry.above, result.entry.below) == ("owned", ("Top",), ("Bottom",))
    assert await register.set_parent(MOD, "Top", "Bottom") == NotKept("goes_round", "Bottom")
    assert await register.set_parent(MOD, "Top", "Top") == NotKept("goes_round", "Top")
    assert await register.set_parent(MOD, "Top", "Nobody Known") == NotKept("no_such_organisation")
    freed = await register.set_parent(MOD, "Middle", "")
    assert isinstance(freed, Kept)
    assert (freed.what, freed.entry.above) == ("owned_by_nobody", ())


async def test_a_merger_keeps_every_name_and_can_be_read_in_the_log(
    register: Organisations, world: World
) -> None:
    """Both ids lead to one; the line names both."""
    await added(register, "Helix Pharma", "Helix Europe", "Owner One", "Owner Two")
    await register.set_parent(MOD, "Helix Pharma", "Owner One")
    await register.set_parent(MOD, "Helix Europe", "Owner Two")
    gone, stays = await entry(register, "Helix Europe"), await entry(register, "Helix Pharma")

    result = await register.merge(MOD, "Helix Europe", "Helix Pharma")

    assert isinstance(result, Kept)
    assert result.entry == await entry(register, gone.id) == await entry(register, "Helix Europe")
    assert (result.entry.id, result.entry.name) == (stays.id, "Helix Pharma")
    assert result.entry.others == ("Helix Europe",)
    assert result.entry.above == ("Owner One", "Owner Two")
    told = await world.rows(
        "SELECT object_id, payload FROM event JOIN event_payload USING (seq)"
        " WHERE action = 'organisation.merged'"
    )
    assert [(one, json.loads(payload)) for one, payload in told] == [(gone.id, {"into": stays.id})]
    again = await register.merge(SECOND_MOD, gone.id, stays.id)
    assert isinstance(again, Kept)
    assert again.what == "merged_before"


async def test_mergers_in_a_row_lead_to_the_last(register: Organisations) -> None:
    """And an owner that is given then holds for all of it."""
    await added(register, "One", "Two", "Three", "Owner", "Late Owner")
    await register.set_parent(MOD, "One", "Owner")
    await register.merge(MOD, "One", "Two")
    await register.merge(MOD, "Two", "Three")

    assert (await entry(register, "One")).name == "Three"
    assert (await entry(register, "One")).above == ("Owner",)
    await register.set_parent(MOD, "Two", "Late Owner")
    assert (await entry(register, "Three")).above == ("Late Owner",)
    assert (await entry(register, "Late Owner")).below == ("Three",)


async def test_a_merger_that_would_go_round_is_refused(register: Organisations) -> None:
    """An organisation does not belong to itself by way of another; with its own owner it may be one."""
    await added(register, "Top", "Middle", "Bottom")
    await register.set_parent(MOD, "Bottom", "Middle")
    await register.set_parent(MOD, "Middle", "Top")

    assert await register.merge(MOD, "Bottom", "Top") == NotKept("merge_goes_round", "Top")
    assert await register.merge(MOD, "Top", "Bottom") == NotKept("merge_goes_round", "Bottom")
    assert isinstance(await register.merge(MOD, "Bottom", "Middle"), Kept)
    assert (await entry(register, "Bottom")).above == ("Top",)


async def test_typing_offers_what_fits(register: Organisations) -> None:
    """What begins so first, each once, by its end of all mergers; at most what Discord takes."""
    await added(register, "Northern Helix", "Helix Pharma", "Meridian", *(f"Number {n}" for n in range(60)))
    await register.alias(MOD, "Helix Pharma", "Helix International")
    await register.merge(MOD, "Meridian", "Helix Pharma")

    assert [name for _, name in await register.suggest(MOD, "hel")] == [
        "Helix International",
        "Northern Helix",
    ]
    assert [name for _, name in await register.suggest(MOD, "MERIDIAN ltd")] == ["Meridian"]
    [(known_as, _)] = await register.suggest(MOD, "merid")
    assert (await entry(register, known_as)).name == "Helix Pharma"
    assert await register.suggest(MOD, "zzz") == []
    assert len(await register.suggest(MOD, "")) == 25
    found = await register.search(MOD, "number")
    assert isinstance(found, Listed)
    assert (len(found.names), found.more, found.total) == (MOST_LISTED, 60 - MOST_LISTED, 62)


async def test_markup_in_a_name_is_shown_as_it_was_typed(register: Organisations) -> None:
    """It mentions nobody and formats nothing, wherever a name is shown."""
    voice = config().words.voice("en")
    result = await register.add(MOD, MARKUP, "industry")
    taken = await register.add(MOD, MARKUP, "industry")

    for text in (
        kept(voice, register.kinds, result).text,
        kept(voice, register.kinds, taken).text,
        listed(voice, await register.search(MOD, "")).text,
    ):
        assert "`**Bold** @everyone <@1> [x](http://evil.example) \u02cbcode\u02cb`" in text


async def test_two_people_are_tied_by_name_register_owner_or_client(
    register: Organisations, world: World
) -> None:
    """Also where the register knows nothing; and never by no name at all."""
    await added(register, "Helix Pharma", "Helix Group", "Quill Agency", "Helix Devices")
    await register.alias(MOD, "Helix Pharma", "HXP")
    for owned in ("Helix Pharma", "Helix Devices"):
        await register.set_parent(MOD, owned, "Helix Group")

    assert await tied(world, named("Helix Pharma Ltd"), named("helix pharma"))
    assert await tied(world, named("HXP"), named("Helix Pharma"))
    assert await tied(world, named("HXP"), named("Helix Group AG"))
    assert await tied(world, named("Quill Agency", on_behalf_of="HXP"), named("Helix Pharma"))
    assert await tied(world, named("Quill", on_behalf_of="HXP"), named("Other", on_behalf_of="Helix Group"))
    assert await tied(world, named("Unknown & Sons"), named("unknown and sons"))
    assert not await tied(world, named("Helix Pharma"), named("Helix Devices"))
    assert not await tied(world, named("Quill Agency"), named("Helix Pharma"))
    assert not await tied(world, named(""), named(""))
    assert not await tied(world, named("n/a"), named("N/A"))
    assert not await tied(world, Disclosure(Disclosed.NONE), named("Helix Pharma"))
    assert not await tied(world, named("HXP", period="older"), named("Helix Pharma"))


async def test_family_ties_like_ones_own(world: World) -> None:
    """Whose link it is makes no difference."""
    family = Interest("industry", ("family",), "family", "self", "current", organisation="Helix")

    assert await tied(world, Disclosure(Disclosed.SOME, (family,)), named("Helix"))


def bytes_in(folder: Path) -> bytes:
    """All that lies in a folder."""
    return b"".join(file.read_bytes() for file in folder.iterdir())


async def test_no_name_lies_in_plain_bytes(tmp_path: Path, clock: FakeClock) -> None:
    """Neither as typed nor tidied, nor as a hash that somebody with a list of names could try."""
    async with world_in(tmp_path, config(), clock) as world:
        register = Organisations(world.foundation)
        await added(register, "Zyxomedica Holding Ltd")
        await register.alias(MOD, "Zyxomedica Holding", "Quorblatt")
        data = bytes_in(tmp_path)

        for word in ("yxomedica", "uorblatt", "zyxomedicaholding"):
            for form in (word.encode(), word.encode("utf-16-le"), word.upper().encode()):
                assert form not in data
        assert await world.one("SELECT count(*) FROM organisation_name") == 2
    async with world_in(tmp_path, config(), clock) as world:
        assert (await entry(Organisations(world.foundation), "quorblatt")).name == "Zyxomedica Holding Ltd"
