"""``python -m bench``: what joins and presses cost, as ratios against discord.py's own floor."""

import asyncio
import logging
import statistics
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import log, scale
from bench.scenes import IDS, NO_WAVES, Measured, one_round
from bot.config import Config, load
from bot.config.tables import Storage

_ROUNDS = 3
_JOINS_HELD, _PRESSES_HELD, _SLOWEST_HELD_MS, _CALLS_HELD = 5, 4, 1000, 1


def main() -> None:
    """Measure several rounds and print the medians."""
    logging.basicConfig(level=logging.ERROR)
    config = load(Path("config.example.toml")).config
    if config is None:
        raise SystemExit("config.example.toml does not load")
    config = config.model_copy(update={"discord": IDS, "raid": NO_WAVES})
    rounds = [_in_a_new_folder(config) for _ in range(_ROUNDS)]
    console = Console()
    console.print(_ratios(rounds))
    slowest = statistics.median(measured.slowest_press for measured in rounds)
    console.print(f"Slowest press while 10,000 join: {slowest:.0f} ms (to hold: {_SLOWEST_HELD_MS})")
    for what, calls in rounds[-1].calls.items():
        console.print(f"Calls to Discord besides the replies, {what}: {calls:g} (to hold: {_CALLS_HELD})")
    console.print(log.told(log.measure()), highlight=False)
    console.print(scale.table(scale.measure_all()))


def _in_a_new_folder(config: Config) -> Measured:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        storage = Storage(
            database=folder / "p.db", keys=folder / "k.db", key_file=folder / "k", ledger=folder / "e"
        )
        return asyncio.run(one_round(config.model_copy(update={"storage": storage})))


def _ratios(rounds: list[Measured]) -> Table:
    title = f"Against discord.py's own floor, medians of {len(rounds)} rounds"
    table = Table("what", "floor, ms", "Porchlight, ms", "ratio", "to hold", "ratio of CPU", title=title)
    for number, what in enumerate(rounds[0].times):
        times = [measured.times[what] for measured in rounds]
        floor = statistics.median(other.waited for _, other in times)
        waited = statistics.median(ours.waited for ours, _ in times)
        ratio = statistics.median(ours.waited / other.waited for ours, other in times)
        worked = statistics.median(ours.worked / other.worked for ours, other in times)
        held = _PRESSES_HELD if number else _JOINS_HELD
        table.add_row(what, f"{floor:.1f}", f"{waited:.1f}", f"{ratio:.1f}", str(held), f"{worked:.1f}")
    table.caption = "All rows but the first: 200 people at once, the 99th percentile."
    return table


if __name__ == "__main__":
    main()
