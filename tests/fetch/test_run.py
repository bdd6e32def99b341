"""What a session holds is not lost when the disk or the database refuses it."""

from qacrawl.fetch import scrapy_settings
from qacrawl.fetch.lifecycle import opened
from qacrawl.frontier import Found
from qacrawl.options import Options


def test_links_that_the_frontier_refused_go_with_the_next_batch(tmp_path, monkeypatch):
    def refuse(found):
        raise OSError(28, "No space left on device")

    found = Found("https://doctorqna.com/en/article/7", "article")
    with opened(scrapy_settings.make("doctorqna", Options(output=str(tmp_path))), "doctorqna") as run:
        run.found = {found.url: found}
        with monkeypatch.context() as patch, run.guard():
            patch.setattr(run.frontier, "add", refuse)
            run.note_found()
        assert run.found == {found.url: found}
        assert (run.reason, run.problem) == ("disk", "what was fetched can't be stored: No space left on device")
        run.note_found()
        assert run.found == {}
        assert run.frontier.addresses(kind="article") == {found.url}
