"""Links to commits and files at the hosts of repositories."""

import pytest

from shipmark.infrastructure.clock import now
from shipmark.repositories.model import Repository, RepositoryStatus
from shipmark.web.repository_links import commit_url, file_url, range_url


def _repository(url, provider=None):
    return Repository(
        id=1,
        name="acme/web",
        url=url,
        provider=provider,
        external_id=None,
        status=RepositoryStatus.ACTIVE,
        created_at=now(),
    )


@pytest.mark.parametrize(
    ("url", "commit", "between"),
    [
        ("https://github.com/a/b", "/commit/f00", "/compare/abc...f00"),
        ("https://gitlab.com/a/sub/b", "/-/commit/f00", "/-/compare/abc...f00"),
        ("https://bitbucket.org/a/b", "/commits/f00", "/branches/compare/f00..abc"),
    ],
)
def test_each_host_has_its_own_addresses(url, commit, between):
    repository = _repository(f"{url}.git/")
    assert commit_url(repository, "f00") == url + commit
    assert range_url(repository, "abc", "f00") == url + between


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://github.com/a/b", "/blob/f00/src/a%20b%23.ts#L7"),
        ("https://gitlab.com/a/sub/b", "/-/blob/f00/src/a%20b%23.ts#L7"),
        ("https://bitbucket.org/a/b", "/src/f00/src/a%20b%23.ts#lines-7"),
    ],
)
def test_a_line_of_a_file_has_an_address(url, page):
    repository = _repository(url)
    assert file_url(repository, "src/a b#.ts", 7, "f00") == url + page
    assert file_url(repository, "src/a b#.ts", None, "f00") == url + page.partition("#")[0]
    assert file_url(repository, "src/a.ts", 7, None) is None


@pytest.mark.parametrize(
    "url",
    [None, "", "https://git.example.com/a/b", "javascript:github", "https://github.com/",
     "ssh://git@github.com/a/b", "https://[github", "https://github.com:x/a"],
)  # fmt: skip
def test_an_unknown_host_has_no_links(url):
    assert commit_url(_repository(url), "f00") is None
    assert range_url(_repository(url), "abc", "f00") is None
    assert file_url(_repository(url), "a.ts", 1, "f00") is None


def test_a_provider_names_the_host_of_a_server_of_ones_own():
    repository = _repository("https://git.example.com:8443/a/b", "integrations:gitlab")
    assert commit_url(repository, "f00") == "https://git.example.com:8443/a/b/-/commit/f00"


def test_credentials_and_odd_hashes_do_not_get_into_links():
    repository = _repository("https://me:secret@github.com/a/b")
    assert commit_url(repository, '"/../x') == "https://github.com/a/b/commit/%22%2F..%2Fx"


@pytest.mark.parametrize(("base", "head"), [(None, "f"), ("f", None), ("f", "f")])
def test_a_range_needs_two_ends(base, head):
    assert range_url(_repository("https://github.com/a/b"), base, head) is None
