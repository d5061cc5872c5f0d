"""The pace of work in the background, which shares processors, and SQLite's one writer, with requests."""

#: 500 events a second took 0.8 of a processor in batches of ten, and a release with 100 commits 44 ms to publish; in
#: batches of sixty they take half of that, and the release 20 ms. Judging 10,000 releases, batch after batch at once,
#: made a page of releases take 20 ms instead of 9 for half a minute.
_REST_RATIO = 2.0
_REST_SECONDS_MAX = 0.1


def rest_after(seconds: float) -> float:
    """Return the seconds to rest after a batch that took so long: twice as long, at most a tenth of a second."""
    return min(_REST_RATIO * seconds, _REST_SECONDS_MAX)
