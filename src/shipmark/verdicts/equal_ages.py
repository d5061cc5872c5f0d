"""Up to which age of a release its new issues may show it as regressed (decision 38). Pure.

An issue is new for as long as its release is current. If rare issues go on happening, more users meet new ones the
older a release is: one that stays for a day would look worse than those that stayed for three hours.
"""

from collections.abc import Sequence

from shipmark.verdicts.hours import Health

#: Of the sessions that count, this share is of releases that reached the age. The others were younger and have a rate
#: of at least 0: an unchanged release has at most 6/5 of the base's rate, which the usual margin of 20 % allows.
REACHED_MIN = 5 / 6


def comparable_age(parts: Sequence[Health]) -> int | None:
    """Return the greatest age, in seconds, that enough of a base has reached; None without sessions.

    ``parts`` are the times in which the base's releases were current. What is older than the age does not count.
    """
    aged = [each for part in parts for each in _aged(part)]
    reached = {reach for _, reach, _ in aged}
    return next((age for age in sorted(reached, reverse=True) if _is_reached(aged, age)), None)


#: The age at the end of a bucket, the age that its release reached in that time, and the sessions of the bucket.
_Aged = tuple[int, int, int]


def _aged(part: Health) -> list[_Aged]:
    first = part.first_start
    used = [bucket for bucket in part.buckets if bucket.sessions]
    if first is None or not used:
        return []
    ages = [bucket.start + bucket.width - first for bucket in used]
    reach = max(ages)
    return [(age, reach, bucket.sessions) for age, bucket in zip(ages, used, strict=True)]


def _is_reached(aged: Sequence[_Aged], age: int) -> bool:
    counted = [(reach, sessions) for own, reach, sessions in aged if own <= age]
    enough = sum(sessions for reach, sessions in counted if reach >= age)
    return enough >= REACHED_MIN * sum(sessions for _, sessions in counted)
