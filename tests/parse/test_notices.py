"""A page is refused for what its title, a heading or a short notice says, not for words that patients use."""

import html
from datetime import UTC, datetime

import pytest

from qacrawl.records import Page, Refusal
from qacrawl.sites.doctorqna import parser

SAID = [
    "I was given these: Abcdefin 500 mg, Ghijklol 404 mg. Is that too much?",
    "The scan was done in May and a cause was not found.",
    "The error is mine: I took two tablets. What went wrong?",
    "I take the maintenance dose since May. Is maintenance therapy forbidden?",
    "Are human bites dangerous? I was bitten by a human.",
    "Are you a robot? No, but my knee feels like a machine.",
    "I forgot my password and can not sign in to sleep.",
    "My doctor's service is unavailable on Sundays, and 503 steps hurt.",
    "Access to the vein was denied by my skin. I must log every meal.",
    "My heart is temporarily down, I will be back soon.",
]


def refusal(body: str) -> str:
    url = "https://doctorqna.com/en/article/1"
    page = Page(site="doctorqna", url=url, body=body.encode(), fetched_at=datetime(2024, 5, 1, tzinfo=UTC))
    answer = parser.parse(page)
    assert isinstance(answer, Refusal)
    return answer.reason


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("share", ["Share to:\n\n", ""])
def test_a_question_that_was_cut_is_no_notice(said: str, share: str) -> None:
    text = f"Pillows and Necks: What to Know - Neurology\n\n{share}Stiff neck\n\nHello.\n{said}\nWhat now"
    assert refusal(text) == "not_article"
    markup = "".join(f"<p>{html.escape(part)}" for part in text.split("\n\n")[1:])
    assert refusal(f"<title>DoctorQnA</title><h1>Pillows and Necks - Neurology</h1>{markup}") == "not_article"


HEADLINES = [
    "500 mg of Abcdefin: Too Much? - Neurology",
    "404 Nights Without Sleep - Psychiatry",
    "Maintenance Dose of Lithium - Psychiatry",
    "Human Bites - Surgery",
    "A Medication Error - Pharmacy",
    "Sorry, I Took Two Tablets - Pharmacy",
    "Just a Moment of Dizziness - Neurology",
    "Forbidden Foods - Nutrition",
]


@pytest.mark.parametrize("headline", HEADLINES)
def test_a_headline_with_such_words_is_no_notice(headline: str) -> None:
    assert (
        refusal(f"<title>{headline} | DoctorQnA</title><h1>{headline}</h1><p>Neck<p>It hurts. What now")
        == "not_article"
    )


NOTICES = {
    "captcha": [
        "<title>Just a moment...</title><p>One second",
        "<title>Attention Required! | Shield</title><p>Why?",
        "<p>Please verify that you are human.",
        "<h1>Are you a robot?</h1>",
        "<p>We saw unusual traffic from your network.",
    ],
    "maintenance": [
        "<title>Site maintenance</title><p>Soon",
        "<h1>We’ll be back soon!</h1>",
        "<p>The site is down for scheduled maintenance.",
        "<p>This service is temporarily unavailable, thank you.",
    ],
    "login": [
        "<title>Sign in - DoctorQnA</title><p>E-mail",
        "<h1>Login required</h1>",
        "<p>You must log in first.",
        "<h2>Password</h2><p>x",
    ],
    "error_page": [
        "<title>404 Not Found</title><hr>nginx",
        "<h1>Error 503: Service Unavailable</h1>",
        "<title>502</title><p>x",
        "<h1>Oops! Something went wrong</h1>",
        "<p>The page you are looking for could not be found.",
        "<p>Sorry, this article does not exist.",
        "<p>HTTP 500 - Internal Server Error",
        "Bad Gateway",
    ],
}


@pytest.mark.parametrize(("reason", "page"), [(reason, page) for reason, pages in NOTICES.items() for page in pages])
def test_a_notice_is_told_by_what_it_says(reason: str, page: str) -> None:
    assert refusal(page) == reason
