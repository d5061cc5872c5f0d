"""An issue as Markdown, to be pasted where people talk about it."""

from collections.abc import Iterator

from shipmark.infrastructure.markdown import code_block, inline_text
from shipmark.web.view_models.issue import IssuePage
from shipmark.web.view_models.stack import Frame, ShownEvent, ShownException

#: Of longer stacks the last calls are copied, of more exceptions the last raised.
_FRAMES_MAX = 20
_EXCEPTIONS_MAX = 5


def issue_markdown(content: IssuePage, link: str) -> str:
    """Return what the issue is, where it happened, and the application's frames of the event that the page shows."""
    event = content.event_part.shown if content.event_part else None
    facts = {
        "Culprit": content.issue.culprit,
        "Release": event.version if event else "",
        "Environment": event.environment if event else "",
    }
    lines = [f"* {name}: {inline_text(value)}" for name, value in facts.items() if value]
    blocks = [f"### [{content.short_id}]({link}) {inline_text(content.issue.title)}"]
    if lines:
        blocks.append("\n".join(lines))
    if event and event.message and event.message != content.issue.title:
        blocks.append(code_block(event.message))
    if event and (stack := _stack(event)):
        blocks.append(code_block(stack))
    return "\n\n".join(blocks) + "\n"


def _stack(event: ShownEvent) -> str:
    shown = event.exceptions[:_EXCEPTIONS_MAX]
    return "\n".join(line for exception in shown for line in _exception_lines(exception))


def _exception_lines(exception: ShownException) -> Iterator[str]:
    """Yield the exception and its frames in the application, or all if none is."""
    if named := ": ".join(part for part in (exception.type, exception.value) if part):
        yield named
    frames = [frame for run in exception.runs for frame in run.frames]
    in_app = [frame for frame in frames if frame.is_in_app]
    for frame in (in_app or frames)[:_FRAMES_MAX]:
        yield from _frame_lines(frame)


def _frame_lines(frame: Frame) -> Iterator[str]:
    place = ":".join(str(part) for part in (frame.file, frame.line, frame.column) if part)
    yield f"  {frame.function or '?'} ({place or 'an unknown file'})"
    if frame.code.strip():
        yield f"    {frame.code.strip()}"
