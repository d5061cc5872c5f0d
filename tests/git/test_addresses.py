"""What is an address of a git repository, and what of it is secret?"""

import pytest

from shipmark.infrastructure.settings import SettingsError
from shipmark.repositories.git.addresses import ANONYMOUS, AddressError, Credentials, parse_address
from shipmark.repositories.git.remote_rules import parse_remote_rules


@pytest.mark.parametrize(
    "text",
    [
        "https://git.example.com/acme/web.git",
        "http://git.example.com:8080/acme/web",
        "ssh://git@git.example.com/acme/web.git",
        "ssh://git.example.com:2222/~acme/web.git",
        "git://git.example.com/acme/web.git",
        "git@git.example.com:acme/web.git",
        "git.example.com:acme/web.git",
        "https://[2001:db8::1]:8443/acme/web.git",
        "file:///srv/git/web.git",
    ],
)
def test_addresses_are_written_as_they_were_read(text: str) -> None:
    address, credentials = parse_address(text)
    assert (str(address), credentials) == (text, ANONYMOUS) or address.scheme == "ssh"
    assert str(address) == text


@pytest.mark.parametrize(
    ("text", "shown", "credentials"),
    [
        ("https://u:p%40ss@h.example/x", "https://h.example/x", ("u", "p@ss")),
        ("https://token@h.example/x", "https://h.example/x", ("token", None)),
        ("https://:pass@h.example/x", "https://h.example/x", (None, "pass")),
        ("ssh://me:pass@h.example/x", "ssh://me@h.example/x", ("me", "pass")),
        ("git://u:p@h.example/x", "git://h.example/x", ("u", "p")),
    ],
)
def test_credentials_are_taken_out(
    text: str, shown: str, credentials: tuple[str | None, str | None]
) -> None:
    address, found = parse_address(text)
    assert (str(address), (found.username, found.password)) == (shown, credentials)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "web",
        "https://",
        "https:///x",
        "https://h.example",
        "https://h.example/",
        "https://h.example/x?y=secret",
        "https://h.example/x#secret",
        "https://h.example:99999/x",
        "https://h.example:x/x",
        "https://[::1/x",
        "ftp://h.example/x",
        "javascript://h.example/x",
        "ext::sh -c secret",
        "file://h.example/x",
        "file:///",
        "ssh://-oProxyCommand=secret/x",
        "-oProxyCommand=secret:x",
        "git@h.example:-secret",
        "git@h.example:",
        "https://h.example/a b",
        "https://h.example/a\nsecret",
        "https://h.example/a%00b",
        "https://h.example\\@other.example/x",
        "https://h.example/" + "x" * 1000,
    ],
)
def test_what_is_none_is_refused_in_words_that_tell_no_secret(text: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse_address(text)
    assert "secret" not in str(caught.value)
    assert str(caught.value).endswith(".")


def test_credentials_say_nothing_of_themselves() -> None:
    who = Credentials(username="someone", password="hunter2", ssh_key="-----BEGIN")
    assert repr(who) == str(who) == "Credentials(…)"
    assert who.hidden_in("hunter2 said hunter2 to someone") == "… said … to …"


def test_the_first_rule_that_fits_counts() -> None:
    rules = parse_remote_rules(
        "acme/*=https://one.example/acme/*.git other=ssh://git@two.example/other.git"
    )
    assert str(rules.of("acme/web").address) == "https://one.example/acme/web.git"  # type: ignore[union-attr]
    assert str(rules.of("other").address) == "ssh://git@two.example/other.git"  # type: ignore[union-attr]
    assert rules.of("others") is rules.of("x/acme/web") is rules.of("acme/") is None


@pytest.mark.parametrize(
    "name",
    [
        "acme/../secret",
        "acme/..",
        "acme/x@evil.example",
        "acme/a b",
        "acme//x",
        "acme/x?y",
        "acme/é#",
    ],
)
def test_a_name_does_not_lead_elsewhere(name: str) -> None:
    assert parse_remote_rules("acme/*=https://one.example/acme/*.git").of(name) is None


@pytest.mark.parametrize(
    "text",
    ["acme", "=https://h.example/x", "a=", "a/*=https://h.example/x", "a=https://h.example/*",
     "a/*/*=https://h.example/*/*", "a=ftp://h.example/x", "a=https://u:secret@h.example"],
)  # fmt: skip
def test_rules_that_can_t_be_meant_are_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="SHIPMARK_GIT_REMOTES") as caught:
        parse_remote_rules(text)
    assert "secret" not in str(caught.value)
