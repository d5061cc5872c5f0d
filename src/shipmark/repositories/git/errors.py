"""Problems with remotes, with messages for the user who requested the commits."""

import re

_STATUS = re.compile(r"unexpected http resp (\d{3})")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]+")
_DETAIL_MAX = 300

CREDENTIALS = "The remote refused the credentials."
NO_REPOSITORY = "There is no such git repository at the remote, or its credentials may not see it."
NO_FILES = (
    "Repositories in the file system are not read by this server:"
    " SHIPMARK_GIT_ALLOW_FILES allows it."
)
TOO_SLOW = "The remote took too long: SHIPMARK_GIT_SECONDS_MAX is {} s."
TOO_BIG = "The remote sent too much: SHIPMARK_GIT_BYTES_MAX is {} bytes."


class RemoteProblem(Exception):
    """Commits can't be read, for the reason in ``sentence``. A problem that ``is_final`` is not retried."""

    def __init__(self, sentence: str, *, is_final: bool = False) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.is_final = is_final


def refused_credentials() -> RemoteProblem:
    """Return the problem of refused credentials. It is final: a retry with the same ones could lock an account."""
    return RemoteProblem(CREDENTIALS, is_final=True)


def unreachable(error: BaseException) -> RemoteProblem:
    """Return the problem of a remote that can't be reached at the moment."""
    reason = getattr(error, "strerror", None) or type(error).__name__
    return RemoteProblem(f"The remote can't be reached: {reason}.")


def server_problem(text: str) -> RemoteProblem:
    """Return the problem that a server or the library reports, truncated and on one line."""
    if match := _STATUS.search(text):
        return _of_status(int(match[1]))
    detail = _UNPRINTABLE.sub(" ", text).strip()[:_DETAIL_MAX] or "nothing"
    if "not exported" in detail or "not appear to be a git repository" in detail:
        return RemoteProblem(NO_REPOSITORY)
    return RemoteProblem(f"The remote did not answer as a git server does: {detail}")


def _of_status(status: int) -> RemoteProblem:
    if status == 403:
        return refused_credentials()
    if status in {404, 410}:
        return RemoteProblem(NO_REPOSITORY)
    return RemoteProblem(f"The remote answered with the HTTP status {status}.")
