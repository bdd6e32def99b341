"""What the codes in records and rejects mean, in a sentence each; docs/notes.md has them, too."""

NOTES = {
    "age_open": 'The page gives one end of the asker\'s age ("over 60", "60+", "~9"); the other end is null.',
    "bad_age": (
        "The page gives an age that nobody has: above 150 years, or its ends in the wrong order. Both ends are null."
    ),
    "bad_ask_date": "The day of the question is no day of the calendar, or before 1900. Null.",
    "bad_reply_date": "The day of the reply is no day of the calendar, or before 1900. Null.",
    "bad_sex": "Where the sex should stand, the page says something else. Null.",
    "broken_characters": (
        "Some bytes are no character in the page's encoding; U+FFFD stands in their place in the text."
    ),
    "broken_markup": (
        "A part of the page's markup that speaks of questions is broken and was not read; what else is there was."
    ),
    "future_ask_date": "The day of the question was still to come when the page was fetched. Null.",
    "future_reply_date": "The day of the reply was still to come when the page was fetched. Null.",
    "long_asker": (
        "What stands for the asker's name is longer than a name is (100 characters, 8 words): a phrase leaves the "
        "texts only where it stands as it is, what is longer not at all."
    ),
    "mended_backslashes": (
        'Backslashes that escaping had put behind characters whose second byte in Big5 is one ("功\\能") were '
        "taken out."
    ),
    "no_ask_date": "The line that says who asked gives no day, or one in a form that is not read. Null.",
    "no_asker": "The page has no line that says who asked and when.",
    "no_doctor": "The page has a reply but no line that says whose it is.",
    "no_reply_date": (
        "The page has a reply but no line with its date: the reply was taken to end where the sections below "
        "it begin, or the page."
    ),
    "other_number": "The page gives its question another number than its address does.",
    "redacted_address": "Street addresses, post boxes or postcodes were replaced by `[address]`.",
    "redacted_card": "Numbers of payment cards were replaced by `[card]`.",
    "redacted_email": "E-mail addresses were replaced by `[email]`.",
    "redacted_iban": "Numbers of bank accounts (IBAN) were replaced by `[iban]`.",
    "redacted_id": (
        "Numbers of IDs, passports, insurance, social security, charts or accounts were replaced by `[id]`."
    ),
    "redacted_ip": "IP addresses were replaced by `[ip]`.",
    "redacted_name": (
        "The asker's own name, or one in a greeting, a farewell or an introduction, was replaced by `[name]`."
    ),
    "redacted_phone": "Phone numbers were replaced by `[phone]`.",
    "redacted_url": "Addresses of profiles, personal pages or shared files were replaced by `[url]`.",
    "redacted_user": "User names and accounts of messengers were replaced by `[user]`.",
    "removed_characters": "Private-use and zero-width characters, which no reader sees, were taken out of the text.",
    "removed_quotation": "Sentences of a page that was taken out on request were replaced by `[quotation]`.",
    "reply_before_question": (
        "The reply is dated before the question. Either date may be the wrong one; both are as the page says."
    ),
    "reply_repeats_question": (
        'The reply holds the question again before "Answer:". It is left as it is: the doctor\'s words begin there.'
    ),
    "section_out_of_place": (
        'The heading of a section ("More Info", "Similar Q&A", "Related FAQ") stands where it is not '
        "expected. It was taken for text."
    ),
    "several_asker_lines": "More than one line looks like the asker's. The one that fits the doctor's line was taken.",
    "several_doctor_lines": (
        "A line inside the reply looks like the one that says who replied: there may be a second reply, or a "
        "list that is none. It was left in the reply."
    ),
    "several_reply_dates": "More than one line looks like the reply's date. The one that ends the reply was taken.",
    "swapped_sex_age": "The page has sex and age in each other's place; they were put right.",
    "translator_refusal": (
        "Subject or question are not the asker's words: the translator refuses in their place, or gives advice. Told "
        "by the words alone: not every one is found."
    ),
    "unanswered": "The page shows no reply. `reply` is null; the page is visited again sooner.",
    "unescaped_entities": 'Entities that had been escaped twice ("&amp;lt;") were read once more.',
    "unknown_department": (
        "The page names a department that qacrawl's vocabulary does not have; `department` is null, and `specialty` "
        "as the page says it."
    ),
    "unread_signal": (
        "Something that the site says of the use of the page can't be read: it stands in `usage_signals`, and was "
        "taken to say nothing, as its standard wants."
    ),
    "unread_text": (
        "Text stands between the asker's line and the sections below it, but no doctor's line follows the "
        "asker's, and no reply date ends it: perhaps a list of other questions. It was not taken for a reply."
    ),
}
"""Soft findings in `notes` of a record."""

REJECTS = {
    "binary": "the bytes are no text",
    "broken_markup": "the page's markup is there, but broken beyond reading",
    "captcha": "the page asks whether the visitor is human",
    "crashed": "a step broke on the page, a fault of qacrawl",
    "damaged": "a stretch of the archive file can't be read",
    "directory": "the path is a folder",
    "dropped": "an item pipeline dropped the page",
    "empty": "the page shows no text",
    "error_page": "the page says that there was an error",
    "gone": "the page says that there is no such question",
    "invalid": "what was read makes no record",
    "listing": "the page is a listing, there is no record on it",
    "login": "the page asks for a login",
    "maintenance": "the page says that the site is down for maintenance",
    "missing_file": "there is no such file",
    "no_markup": "the page has no schema.org markup of questions",
    "no_pages": "the archive file holds no page of the site",
    "noindex": "the site does not want the page in an index (noindex, none, or an unavailable_after that is over)",
    "not_article": "the page is neither an article nor a listing",
    "too_large": "the file is larger than 16 MiB, or takes more memory to read than it may",
    "too_slow": "the page takes longer to read than it may",
    "unknown_markup": "the page of a question is in none of the markups that are known",
    "unreadable_file": "the file can't be read",
}
"""Reasons why a page became no record, in `reason` of a reject and in answers of `extract`."""

NOTICES = frozenset(["captcha", "error_page", "login", "maintenance"])
"""Reasons of rejects that are no matter of the page, but of the site."""
