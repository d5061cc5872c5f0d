"""Objects and texts of an event are read in the forms that clients write them in."""

import pytest

from shipmark.events.object_forms import with_objects


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ({"contexts": {"cart": [7, 9]}}, {"contexts": {"cart": {"0": 7, "1": 9}}}),
        ({"contexts": {"os": {"name": "Linux"}, "shard": "b"}},
         {"contexts": {"os": {"name": "Linux"}, "shard": {"value": "b"}}}),
        ({"extra": ["a", {"b": 1}]}, {"extra": {"0": "a", "1": {"b": 1}}}),
        ({"extra": 7}, {"extra": {"value": 7}}),
        ({"user": "ada"}, {"user": {"id": "ada"}}),
        ({"user": 7}, {"user": {"id": 7}}),
        ({"user": {"id": 7, "data": ["a"]}}, {"user": {"id": 7, "data": {"0": "a"}}}),
        ({"user": {"0": "a", "1": "d", "2": "a"}}, {"user": {"id": "ada"}}),
        ({"user": {"0": "7", "ip_address": "10.0.0.7"}}, {"user": {"ip_address": "10.0.0.7", "id": "7"}}),
        ({"message": {"code": 5}}, {"message": '{"code": 5}'}),
        ({"message": ["paid", 5]}, {"message": '["paid", 5]'}),
        ({"logentry": {"code": 5}}, {"logentry": '{"code": 5}'}),
        ({"breadcrumbs": {"values": [{"message": "a"}, {"data": [1, "b"]}]}},
         {"breadcrumbs": {"values": [{"message": "a"}, {"data": {"0": 1, "1": "b"}}]}}),
        ({"breadcrumbs": [{"data": "paid"}]}, {"breadcrumbs": {"values": [{"data": {"value": "paid"}}]}}),
        ({"breadcrumbs": [{"message": {"a": 1}}]}, {"breadcrumbs": {"values": [{"message": '{"a": 1}'}]}}),
    ],
)  # fmt: skip
def test_other_forms_are_read(sent: dict[str, object], read: dict[str, object]) -> None:
    assert with_objects(sent) == read


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"message": "sold", "logentry": {"formatted": "sold"}, "user": {"id": 7}, "extra": {"a": 1}},
        {"message": {"params": []}, "logentry": {}, "user": [], "extra": [], "contexts": {"a": [], "b": None}},
        {"user": {"0": "a", "2": "b"}},
        {"user": {"0": "a", "1": "dee"}},
        {"user": {"0": "a", "id": "b"}},
        {"message": 7, "user": True, "contexts": [7], "breadcrumbs": 7},
        {"breadcrumbs": {"values": [{"message": "a", "data": {}}, {"data": []}, 7]}},
        {"breadcrumbs": [{"message": "a"}], "user": {"data": {"a": 1}}},
    ],
)  # fmt: skip
def test_what_has_the_right_form_stays_as_it_is(sent: dict[str, object]) -> None:
    assert with_objects(sent) is sent
