"""Where in a list by moment does a page begin? What doors read from a cursor, and stores seek by."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysetPosition:
    """A place in a list, the newest first and of one moment the last made first; the row there is not part of a page.

    Rows that come or go elsewhere don't move it, and neither does the end of its own. A page that lies before it is
    read backwards, so the nearest row comes first.
    """

    at: datetime
    id: int
    is_backwards: bool = False
