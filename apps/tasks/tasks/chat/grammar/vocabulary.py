"""The words that have a fixed meaning in dates, times and recurrences."""

from typing import Final


def words(text: str) -> tuple[str, ...]:
    """The words of a constant that is easier to read as one line."""
    return tuple(text.split())


WEEKDAYS: Final = {
    name: number
    for number, names in enumerate(
        (
            ("monday", "mon"),
            ("tuesday", "tue", "tues"),
            ("wednesday", "wed"),
            ("thursday", "thu", "thur", "thurs"),
            ("friday", "fri"),
            ("saturday", "sat"),
            ("sunday", "sun"),
        )
    )
    for name in names
}
# As a word alone these mean something else too, so only the long form counts there.
SHORT_WEEKDAYS: Final = frozenset({"mon", "tue", "wed", "thu", "fri", "sat", "sun"})
PLURAL_WEEKDAYS: Final = {
    f"{name}s": number for name, number in WEEKDAYS.items() if name.endswith("day")
}
CODES: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            ("january", "jan"),
            ("february", "feb"),
            ("march", "mar"),
            ("april", "apr"),
            ("may",),
            ("june", "jun"),
            ("july", "jul"),
            ("august", "aug"),
            ("september", "sep", "sept"),
            ("october", "oct"),
            ("november", "nov"),
            ("december", "dec"),
        ),
        start=1,
    )
    for name in names
}

NUMBERS: Final = {
    word: number
    for number, word in enumerate(
        words("one two three four five six seven eight nine ten eleven twelve"), start=1
    )
} | {"fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60}

ORDINALS: Final = {
    word: number
    for number, word in enumerate(
        words("first second third fourth fifth sixth seventh eighth ninth tenth"), start=1
    )
} | {"fifteenth": 15, "twentieth": 20, "thirtieth": 30}

# Days whose name ends in a weekday or in "today": none of these is a date of ours.
NAMED_DAYS: Final = frozenset(
    {
        *("black friday", "good friday", "casual friday", "freaky friday", "man friday"),
        *("cyber monday", "easter monday", "blue monday", "manic monday", "whit monday"),
        *("fat tuesday", "shrove tuesday", "super tuesday", "giving tuesday", "taco tuesday"),
        *("ash wednesday", "maundy thursday", "throwback thursday", "holy saturday"),
        *("palm sunday", "easter sunday", "bloody sunday", "bowl sunday", "super sunday"),
        *("usa today", "psychology today"),
    }
)

HOLIDAYS: Final = {
    "christmas eve": (12, 24),
    "christmas day": (12, 25),
    "christmas": (12, 25),
    "new year's eve": (12, 31),
    "new year's day": (1, 1),
    "halloween": (10, 31),
}

# A title does not end with one of these: something was cut off.
DANGLING: Final = frozenset(
    words(
        "a an the my your our their his her its this that these those of for to with and or but "
        "about from at into until before after than as if is are be every each"
    )
)
