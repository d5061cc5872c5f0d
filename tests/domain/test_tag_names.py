"""Terms that search for the values of tags."""

import pytest

from shipmark.issues.tag_names import term_of


@pytest.mark.parametrize(
    ("key", "value", "term"),
    [
        ("region", "eu", 'region:"eu"'),
        ("user", "id:7", 'user.id:"7"'),
        ("release", "web@1.0.0", 'release:"web@1.0.0"'),
        ("environment", "production", 'environment:"production"'),
        ("level", "error", 'level:"error"'),
        ("region", 'e"u', 'region:"e\\"u"'),
        ("path", "C:\\x y", 'path:"C:\\x y"'),
        ("path", "C:\\x\\", ""),
        ("region", "e*u", ""),
        ("key:x", "y", 'tags[key:x]:"y"'),
        ("key:x", "y:z", 'tags[key:x]:"y:z"'),
        ("has", "y", ""),
        ("key_ü", "y", ""),
        # Without the mark of the issue itself, not of its tags.
        ("platform", "ios", 'tags[platform]:"ios"'),
        ("title", "boom", 'tags[title]:"boom"'),
        ("project", "web", 'tags[project]:"web"'),
        ("issue.category", "error", 'tags[issue.category]:"error"'),
        ("timesSeen", "5", 'tags[timesSeen]:"5"'),
        ("firstRelease", "1.0", 'tags[firstRelease]:"1.0"'),
        # Keys of searches count in any case, those of tags do not.
        ("Release", "1.0", 'tags[Release]:"1.0"'),
        ("Environment", "qa", 'tags[Environment]:"qa"'),
        ("Region", "eu", 'Region:"eu"'),
    ],
)
def test_a_term_finds_the_tag_or_there_is_none(key: str, value: str, term: str) -> None:
    assert term_of(key, value) == term
