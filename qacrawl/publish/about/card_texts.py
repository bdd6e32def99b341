"""The sentences of a card that do not depend on its counts, or have gaps for them."""

from qacrawl.words import counted

INVENTED = (
    "All of this is invented: `qacrawl demo` made up the questions, the replies, the people and the hospitals, to show "
    "what a dataset looks like. Nobody asked, no doctor replied, and nothing here is true."
)

HELD = """> **Held back.** When this snapshot was made, the quality gate did not publish it. If `dataset` points to it
> now, somebody has looked and accepted it. The reasons:"""

RESERVED = """RESERVED PAGES ARE IN HERE. {number} with `may_train` false: the site says that no model may be trained on
these pages. Whoever made this snapshot kept them on purpose (--keep-reserved). Leave them out before you train."""


LOAD = """```python
from datasets import load_dataset

qa = load_dataset("path/to/{name}", "qa")
```"""

EMPTY = (
    "`{config}` has no rows here. `datasets` can't load a table without rows, so it is not offered to it; its file has "
    "the columns, for all other readers."
)

SPLITS = """Split by a hash of the cluster, {shares} of the clusters. Near-duplicates, equal questions (also one
question under two numbers) and follow-ups that name another number are one cluster, and a cluster lies in one split.
Clusters: {clusters:,}. Records that ask what an earlier one asked, or nearly that: {near_duplicates:,}. A record keeps
its cluster and its split in later snapshots, so two old clusters stay apart when a later record is linked with both.
Linked pairs: {linked:,}; of these, in different splits: {torn:,}. A random split of the records in the same shares
would be expected to tear apart: {torn_at_random:,}. `splits.json` has these numbers."""

TAKEN_OUT = "## Pages taken out"

NOTES = (
    'A note is a soft finding: the record is good, but who uses it may want to know. "Null" means the field is null.'
)

COMPLETE = "The crawl was complete: of all addresses that it found, none was left in the queue."
PARTIAL = "The crawl was not complete: it had found more than it had visited, and later snapshots have more."

USES = """## Uses

Intended: research on how people ask about their health and how doctors reply in public; search and retrieval of
questions like a given one; training and testing of language models on such texts, with the splits as they are.

Unsuitable: medical advice, diagnosis or triage, by people or by programs, without a doctor who checks it; as a standard
of what is medically right; to find out who asked, or to judge or rank doctors; to say how often an illness is, since
those who ask are no sample of anybody."""

CAVEATS = (
    "What a page does not say is null; `notes` names what was found missing, doubtful or taken out of a record.",
    "The splits follow clusters, not time: to test models that may have read the site, split by `reply_date`.",
)

COLLECTED = """## How it was collected

Source: {site}; pages of {hosts}, fetched {fetched} by qacrawl. It obeys robots.txt (RFC 9309) with its delays, asks one
page at a time unless told otherwise, and calls itself "qacrawl" with its version and a contact address in the user
agent. What the site says of the use of its pages (robots.txt, tdmrep.json, headers, meta tags) stands with each record
in `usage_signals`, and what that means for training in `may_train`. Each response is archived as WARC before it is
read; `warc_file` and `warc_offset` say where a record's page lies there, `page_sha256` which bytes they were and
`parser_version` what read them."""

PRIVACY = """## Privacy

Askers' names are replaced by keyed hashes, whose key is not published; in the texts the asker's own name, and names in
greetings and farewells, become `[name]`, unless the one who ran the crawl left them in. What was found of e-mail
addresses, phone, ID, card and account numbers, IP addresses, personal pages, user names and street addresses stands as
`[email]`, `[phone]`, `[id]`, `[card]`, `[iban]`, `[ip]`, `[url]`, `[user]`, `[address]`; what the search misses may
remain. Not looked for: names of third persons{third}, birthdays, places without a street, and what pictures show. Of
the made-up texts in presidio-research's synth_dataset_v2 it found all e-mail addresses, phone numbers, cards, IBANs,
social security numbers, IP addresses and web addresses, and 74 % of the street addresses, without a false alarm in the
859 texts that hold none of these; it was tried on them while it was made, so expect less of others. Of two
small sets that it was not tried on (150 texts, English and traditional Chinese) it found all e-mail addresses (10),
phone numbers (19), IDs, cards and IBANs (21), personal pages (11) and street addresses (13), 12 of 14 user names and 18
of 20 askers' own names, without a false alarm in the 40 texts that hold nothing; of another, of names alone (107
texts), 25 of 28 askers' own names and 29 of 36 user names, with a false alarm in 15 texts that hold nothing.

Doctors' names stand in clear, as they signed in public: in `doctor`, in the sign-off of `reply`, in `similar_qa`; and
`hospital` says where they work.

Quasi-identifiers, which together may single out who asked: `asker` (equal for equal names), `asker_sex`,
`asker_age_min`, `asker_age_max`, `ask_date`, `reply_date`, `specialty`, `reply_specialty`, `hospital`, `doctor`, and
what the texts `title`, `question_subject`, `question` and `reply` tell. `record_id` and `url` lead to the page itself,
which shows the asker's name. These are people's medical questions: do not try to find out who they are."""

_TAKE_OUT = """To have a page taken out, write there: `qacrawl forget URL` takes it out of data and archive and makes
sure that it is never fetched again. For what is wrong with the program: https://github.com/qacrawl/qacrawl/issues"""

CONTACT = f"""## Contact

Who collected this: {{whom}}. {_TAKE_OUT}"""

NO_CONTACT = f"""## Contact

Whoever published this copy; no address was given to the crawl. {_TAKE_OUT}"""

_CODE = "The code\nthat made this dataset, qacrawl, is licensed under Apache-2.0."

LICENCE = f"""## Licence

The texts belong to their authors and to the site that published them; nothing here grants rights in them. {_CODE}"""

LICENCE_INVENTED = """## Licence

The invented texts come with qacrawl and are, as it is, licensed under Apache-2.0."""


def reserved(number: int) -> str:
    """Return what nobody must miss of a dataset with so many records that their site reserves."""
    return RESERVED.format(number=counted(number, "record"))
