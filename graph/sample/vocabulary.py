"""Words from which the sample community's names and lines are made. All invented."""

from numpy.random import Generator

# Each scene is a taste: a genre, its neighbors, its moods and what its songs are about.
SCENES: tuple[dict[str, tuple[str, ...]], ...] = (
    {
        "genres": ("dream pop", "shoegaze", "ethereal"),
        "moods": ("hazy", "tender", "drifting"),
        "things": ("a curtain", "the tide at night", "breath on a window", "a slow carousel"),
    },
    {
        "genres": ("techno", "minimal", "acid"),
        "moods": ("driving", "hypnotic", "steely"),
        "things": ("a turbine hall", "the last tram", "signal lamps", "an empty car park"),
    },
    {
        "genres": ("folk", "singer-songwriter", "americana"),
        "moods": ("warm", "wistful", "plain"),
        "things": ("a kitchen table", "the orchard road", "letters never sent", "my mother's coat"),
    },
    {
        "genres": ("metal", "doom", "post-metal"),
        "moods": ("heavy", "brooding", "vast"),
        "things": ("a drowned bell", "the quarry", "ash over the ridge", "a crown of iron"),
    },
    {
        "genres": ("jazz", "bebop", "spiritual jazz"),
        "moods": ("smoky", "restless", "late"),
        "things": ("a corner table", "rain on the awning", "the third set", "a borrowed horn"),
    },
    {
        "genres": ("hip hop", "boom bap", "jazz rap"),
        "moods": ("sharp", "laid-back", "proud"),
        "things": ("the stairwell", "a cracked screen", "my block in July", "the corner store"),
    },
    {
        "genres": ("indie rock", "garage", "post-punk"),
        "moods": ("jangly", "urgent", "wry"),
        "things": ("a stolen bicycle", "the night bus", "cheap champagne", "your brother's van"),
    },
    {
        "genres": ("ambient", "drone", "modern classical"),
        "moods": ("still", "luminous", "weightless"),
        "things": ("snow on a field", "a lamp left on", "the far shore", "dust in the light"),
    },
)

_STARTS = ("Ova", "Quil", "Tere", "Mab", "Sol", "Vin", "Kes", "Lum", "Ori", "Dap", "Ner", "Fen", "Zul", "Ily")
_ENDS = ("lon", "dra", "wick", "mira", "sett", "vane", "thos", "bel", "rune", "quay", "loo", "nard", "pell")
_BANDS = ("Marsh", "Assembly", "Drift", "Parade", "Engine", "Choir", "Static", "Harbor", "Union", "Weather")
_TITLE_STARTS = (
    "Paper", "Seven", "Borrowed", "Northern", "Hollow", "Second", "Quiet", "Copper", "Leaving", "Almost",
    "Salt", "Winter", "Electric", "Forgotten", "Slow", "Under", "Bright", "Velvet", "Broken", "Early",
)  # fmt: skip
_TITLE_ENDS = (
    "Lanterns", "Rooms", "Rivers", "Windows", "Machines", "Gardens", "Maps", "Telephones", "Summers",
    "Mirrors", "Signals", "Orchards", "Engines", "Tides", "Stairs", "Feathers", "Clocks", "Bridges",
)  # fmt: skip
_TITLE_TAILS = (
    "",
    "",
    "",
    "in March",
    "for Two",
    "at Dawn",
    "Again",
    "of the North",
    "on Fire",
    "by the Sea",
)
_LINES = (
    "A {mood} song about {thing}.",
    "I left my heart by {thing}, and it stayed {mood}.",
    "{mood}: the sound of {thing} remembered too late.",
    "Nobody told {thing} that the night is {mood}.",
    "What is left of {thing} when the {mood} hour has passed.",
)
_FIRST_NAMES = (
    "Mira", "Jonas", "Leila", "Tomas", "Ines", "Ravi", "Clara", "Yusuf", "Noor", "Felix", "Hana", "Oskar",
    "Priya", "Luca", "Sanna", "Amir", "Greta", "Mateo", "Wren", "Kofi", "Elif", "Bruno", "Saoirse", "Dmitri",
    "Anouk", "Femi", "Livia", "Pascal", "Ximena", "Theo", "Runa", "Idris", "Marta", "Kenji", "Odile", "Stellan",
)  # fmt: skip


def artist_names(rng: Generator, count: int) -> list[str]:
    """Distinct made-up names."""
    names = [f"{start}{end} {band}" for start in _STARTS for end in _ENDS for band in _BANDS]
    return [str(name) for name in rng.choice(names, size=count, replace=False)]


def track_titles(rng: Generator, count: int) -> list[str]:
    """Titles that are distinct among themselves, hence within every artist."""
    titles = sorted(
        {
            f"{start} {end} {tail}".strip()
            for start in _TITLE_STARTS
            for end in _TITLE_ENDS
            for tail in _TITLE_TAILS
        }
    )
    return [str(title) for title in rng.choice(titles, size=count, replace=False)]


def track_line(rng: Generator, *, scene: int, mood: str) -> str:
    """A line of lyric or description."""
    line = str(rng.choice(_LINES)).format(mood=mood, thing=rng.choice(SCENES[scene]["things"]))
    return line[0].upper() + line[1:]


def person_name(rng: Generator) -> str:
    return str(rng.choice(_FIRST_NAMES))
