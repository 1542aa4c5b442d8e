"""The examples of RFC 5545, section 3.8.5.3: rule, start in America/New_York, and what it gives.

Dates are `year/month: days`; the time is 09:00 unless the rule names others.
"""

from datetime import datetime
from typing import NamedTuple


class Example(NamedTuple):
    """One rule of the RFC; `whole` when the dates are all there are."""

    rule: str
    start: str
    dates: str
    whole: bool = True


WHOLE, ENDLESS = True, False

EXAMPLES = [
    Example("FREQ=DAILY;COUNT=10", "1997-09-02", "97/9: 2-11"),
    Example(
        "FREQ=DAILY;UNTIL=19971224T000000Z",
        "1997-09-02",
        "97/9: 2-30; 97/10: 1-31; 97/11: 1-30; 97/12: 1-23",
    ),
    Example(
        "FREQ=DAILY;INTERVAL=2",
        "1997-09-02",
        "97/9: 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30; 97/10: 2 4 6 8 10 12 14 16 18 20 22 24 26 "
        "28 30; 97/11: 1 3 5 7",
        ENDLESS,
    ),
    Example("FREQ=DAILY;INTERVAL=10;COUNT=5", "1997-09-02", "97/9: 2 12 22; 97/10: 2 12"),
    Example(
        "FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
        "1998-01-01",
        "98/1: 1-31; 99/1: 1-31; 00/1: 1-31",
    ),
    Example(
        "FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1",
        "1998-01-01",
        "98/1: 1-31; 99/1: 1-31; 00/1: 1-31",
    ),
    Example(
        "FREQ=WEEKLY;COUNT=10", "1997-09-02", "97/9: 2 9 16 23 30; 97/10: 7 14 21 28; 97/11: 4"
    ),
    Example(
        "FREQ=WEEKLY;UNTIL=19971224T000000Z",
        "1997-09-02",
        "97/9: 2 9 16 23 30; 97/10: 7 14 21 28; 97/11: 4 11 18 25; 97/12: 2 9 16 23",
    ),
    Example(
        "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
        "1997-09-02",
        "97/9: 2 16 30; 97/10: 14 28; 97/11: 11 25; 97/12: 9 23; 98/1: 6 20; 98/2: 3 17",
        ENDLESS,
    ),
    Example(
        "FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH",
        "1997-09-02",
        "97/9: 2 4 9 11 16 18 23 25 30; 97/10: 2",
    ),
    Example(
        "FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH",
        "1997-09-02",
        "97/9: 2 4 9 11 16 18 23 25 30; 97/10: 2",
    ),
    Example(
        "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR",
        "1997-09-01",
        "97/9: 1 3 5 15 17 19 29; 97/10: 1 3 13 15 17 27 29 31; 97/11: 10 12 14 24 26 28; "
        "97/12: 8 10 12 22",
    ),
    Example(
        "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
        "1997-09-02",
        "97/9: 2 4 16 18 30; 97/10: 2 14 16",
    ),
    Example(
        "FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
        "1997-09-05",
        "97/9: 5; 97/10: 3; 97/11: 7; 97/12: 5; 98/1: 2; 98/2: 6; 98/3: 6; 98/4: 3; 98/5: 1; "
        "98/6: 5",
    ),
    Example(
        "FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR",
        "1997-09-05",
        "97/9: 5; 97/10: 3; 97/11: 7; 97/12: 5",
    ),
    Example(
        "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
        "1997-09-07",
        "97/9: 7 28; 97/11: 2 30; 98/1: 4 25; 98/3: 1 29; 98/5: 3 31",
    ),
    Example(
        "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
        "1997-09-22",
        "97/9: 22; 97/10: 20; 97/11: 17; 97/12: 22; 98/1: 19; 98/2: 16",
    ),
    Example(
        "FREQ=MONTHLY;BYMONTHDAY=-3",
        "1997-09-28",
        "97/9: 28; 97/10: 29; 97/11: 28; 97/12: 29; 98/1: 29; 98/2: 26",
        ENDLESS,
    ),
    Example(
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
        "1997-09-02",
        "97/9: 2 15; 97/10: 2 15; 97/11: 2 15; 97/12: 2 15; 98/1: 2 15",
    ),
    Example(
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
        "1997-09-30",
        "97/9: 30; 97/10: 1 31; 97/11: 1 30; 97/12: 1 31; 98/1: 1 31; 98/2: 1",
    ),
    Example(
        "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
        "1997-09-10",
        "97/9: 10-15; 99/3: 10-13",
    ),
    Example(
        "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU",
        "1997-09-02",
        "97/9: 2 9 16 23 30; 97/11: 4 11 18 25; 98/1: 6 13 20 27; 98/3: 3 10 17 24 31",
        ENDLESS,
    ),
    Example(
        "FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
        "1997-06-10",
        "97/6: 10; 97/7: 10; 98/6: 10; 98/7: 10; 99/6: 10; 99/7: 10; 00/6: 10; 00/7: 10; "
        "01/6: 10; 01/7: 10",
    ),
    Example(
        "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
        "1997-03-10",
        "97/3: 10; 99/1: 10; 99/2: 10; 99/3: 10; 01/1: 10; 01/2: 10; 01/3: 10; 03/1: 10; "
        "03/2: 10; 03/3: 10",
    ),
    Example(
        "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
        "1997-01-01",
        "97/1: 1; 97/4: 10; 97/7: 19; 00/1: 1; 00/4: 9; 00/7: 18; 03/1: 1; 03/4: 10; 03/7: 19; "
        "06/1: 1",
    ),
    Example("FREQ=YEARLY;BYDAY=20MO", "1997-05-19", "97/5: 19; 98/5: 18; 99/5: 17", ENDLESS),
    Example(
        "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "1997-05-12", "97/5: 12; 98/5: 11; 99/5: 17", ENDLESS
    ),
    Example(
        "FREQ=YEARLY;BYMONTH=3;BYDAY=TH",
        "1997-03-13",
        "97/3: 13 20 27; 98/3: 5 12 19 26; 99/3: 4 11 18 25",
        ENDLESS,
    ),
    Example(
        "FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8",
        "1997-06-05",
        "97/6: 5 12 19 26; 97/7: 3 10 17 24 31; 97/8: 7 14 21 28; 98/6: 4 11 18 25; "
        "98/7: 2 9 16 23 30; 98/8: 6 13 20 27; 99/6: 3 10 17 24; 99/7: 1 8 15 22 29; "
        "99/8: 5 12 19 26",
        ENDLESS,
    ),
    Example(
        "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
        "1997-09-03",
        "98/2: 13; 98/3: 13; 98/11: 13; 99/8: 13; 00/10: 13",
        ENDLESS,
    ),
    Example(
        "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
        "1997-09-13",
        "97/9: 13; 97/10: 11; 97/11: 8; 97/12: 13; 98/1: 10; 98/2: 7; 98/3: 7; 98/4: 11; "
        "98/5: 9; 98/6: 13",
        ENDLESS,
    ),
    Example(
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
        "1996-11-05",
        "96/11: 5; 00/11: 7; 04/11: 2",
        ENDLESS,
    ),
    Example(
        "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3",
        "1997-09-04",
        "97/9: 4; 97/10: 7; 97/11: 6",
    ),
    Example(
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
        "1997-09-29",
        "97/9: 29; 97/10: 30; 97/11: 27; 97/12: 30; 98/1: 29; 98/2: 26; 98/3: 30",
        ENDLESS,
    ),
    Example("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "1997-08-05", "97/8: 5 10 19 24"),
    Example("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "1997-08-05", "97/8: 5 17 19 31"),
    Example(
        "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",
        "2007-01-15",
        "07/1: 15 30; 07/2: 15; 07/3: 15 30",
    ),
]


def dates_of(text: str) -> list[datetime]:
    """`97/9: 2-4 9` as the mornings of these days."""
    found: list[datetime] = []
    for group in text.split("; "):
        month_text, days = group.split(": ")
        year_text, month = month_text.split("/")
        year = 1900 + int(year_text) if int(year_text) > 50 else 2000 + int(year_text)
        for word in days.split():
            first, _, last = word.partition("-")
            for day in range(int(first), int(last or first) + 1):
                found.append(datetime(year, int(month), day, 9))
    return found
