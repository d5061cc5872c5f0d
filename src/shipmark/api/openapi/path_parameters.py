"""Parameters of paths, ``{organization}`` and the like, by name."""

from collections.abc import Mapping

#: The description of each parameter, and an example.
PATH_PARAMETERS: Mapping[str, tuple[str, str]] = {
    "organization": ("Slug or id of the organization.", "acme"),
    "project": ("Slug or id of the project.", "web"),
    "version": ("The version of the release, percent-encoded.", "web@1.0.0"),
    "mapping": ("Id of the code mapping.", "1"),
    "repository": ("Id of the repository.", "1"),
    "issue": ("Id of the issue, or its short id where the organization is named.", "1"),
    "share_id": ("The `shareId` of the issue.", "3f2a91c07b5d4e8896a0c1d2e3f40516"),
    "tag_key": ("Key of the tag.", "browser.name"),
    "short_id": ("The short id of the issue, such as `WEB-1A`.", "WEB-1"),
    "event": ("Id of the event, 32 hexadecimal digits.", "0123456789abcdef0123456789abcdef"),
    "note": ("Id of the comment.", "1"),
    "tombstone": ("Id of the discarded issue, as the list shows it.", "1"),
    "quarantined": ("Id of the quarantined event, as the list shows it.", "1"),
    "attachment": ("Id of the attachment.", "1"),
    "filter_id": ("Name of the filter.", "localhost"),
    "file_id": ("Id of the file, as lists show it.", "1"),
    "bundle_id": ("Id of the artifact bundle.", "eb6e60f1-65ff-4f6f-adff-f1bbeded627b"),
    "threshold": ("Id of the threshold.", "1"),
    "member": ("Id of the member, or `me`.", "me"),
    "user": ("Id of oneself, or `me`.", "me"),
    "team": ("Slug or id of the team.", "core"),
    "token": ("Id of the token.", "1"),
    "key": ("The public half of the key.", "0" * 31 + "1"),
    "plugin": ("Who sends; the address that a project shows says `builtin`.", "builtin"),
    "signature": ("What proves that the sender knows the project's token.", "8f1d2c…"),
}
