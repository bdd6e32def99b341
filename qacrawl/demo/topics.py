"""What the demo site's invented patients ask and its invented doctors say. Nothing here is medical advice.

The sentences of each topic stand in `topics.txt`, a group a paragraph, in the order of `Topic`.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple


class Topic(NamedTuple):
    """Sentences on one complaint, to be combined; `{span}` in a complaint stands for a length of time."""

    department: str
    tag: str
    titles: tuple[str, ...]
    subjects: tuple[str, ...]
    complaints: tuple[str, ...]
    details: tuple[str, ...]
    questions: tuple[str, ...]
    advice: tuple[str, ...]
    info: tuple[str, ...]


@cache
def topics() -> tuple[Topic, ...]:
    """Return all topics, in the order of the file."""
    text = Path(__file__).with_name("topics.txt").read_text(encoding="utf-8")
    return tuple(_topic(section) for section in text.split("\n---\n"))


def _topic(section: str) -> Topic:
    (department, tag), *groups = (tuple(group.split("\n")) for group in section.strip().split("\n\n"))
    return Topic(department, tag, *groups)


SPANS = "three days,ten days,two weeks,a month,six weeks,about three months,half a year,a year".split(",")
GREETINGS = ("Good day, doctor.", "Dear doctor,", "Hello!", "Doctor, I hope you can help me.", "", "", "")
THANKS = ("Thank you!", "Many thanks in advance.", "I look forward to an answer.", "", "")
ANSWERS = ("Hello,", "Hello:", "Dear reader,", "Good day.", "Answer:", "", "")

# Lines that look like landmarks of the page and are a patient's words.
DECOYS = (
    "The other clinic wrote 'Reply Date: within 7 days' on my form and never called.",
    "I read the Similar Q&A here and it did not fit.",
    "Dr. Wang did not reply to my letter.",
    "Their form said Ask Date: today, whatever that means.",
    "I found More Info on www.example.org/help but it was about children.",
    "A friend, 30~39 year old female, has the same.",
    "You can reach me at early.bird@example.org if that is easier.",
)
ASKERS = (
    *("Early Bird", "Baker's Hands", "Q", "777", "Mr. Moth", "no sleep again", "小雨", "阿明", "Blue Kettle"),
    *("Lin, Jr.", "reply please", "Ask Date", "Dr. Who", "Zoë", "Lǚ", "worried, very worried", "Tram 14"),
    *("Green Tea & Honey", "First-time mum", "0912", "m.m.", "星星", "The Neighbour", "Paper Boat"),
)
SURNAMES = ("Bo", "Chu", "Feng", "Gan", "Hsia", "Ku", "Lü", "Mei", "Ouyang", "Pan", "Shui", "Wen-Ho", "Yun")
GIVEN = ("Qinglan", "Haotian", "Ming-Shu", "Anrou", "Zhilin", "Peiyao", "Dongli", "Xiaofan", "Ruoqing", "Te-Hui")
HOSPITALS = (
    *("Green Harbour Hospital", "Northgate Medical Center", "Hill of Pines Hospital", "Two Rivers Hospital"),
    *("Lantern Bay Medical Centre", "Old Mill Clinic", "Saint Ottilie Hospital", "Eastfield Hospital Tide Branch"),
)
