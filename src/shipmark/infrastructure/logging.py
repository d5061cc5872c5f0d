"""Format of the log: one line per event, as text for terminals or as JSON."""

import logging

from shipmark.infrastructure.module_loading import hidden
from shipmark.infrastructure.settings import Settings, SettingsError

# See telemetry.py.
with hidden("rich"):
    import structlog


def configure(settings: Settings) -> None:
    """Configure the log by the settings. Raise `SettingsError` for an unknown level or format."""
    level = logging.getLevelNamesMapping().get(settings.log_level.upper())
    if level is None:
        raise SettingsError(
            f"SHIPMARK_LOG_LEVEL must be debug, info, warning or error, not {settings.log_level!r}."
        )
    if settings.log_format not in {"text", "json"}:
        raise SettingsError(
            f"SHIPMARK_LOG_FORMAT must be text or json, not {settings.log_format!r}."
        )
    is_json = settings.log_format == "json"
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer() if is_json else _line
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )


def _line(_: object, __: str, event: structlog.typing.EventDict) -> str:
    """Return a line of text: time, level, event and fields; a traceback follows below."""
    when, level, what = event.pop("timestamp"), event.pop("level"), event.pop("event")
    traceback = event.pop("exception", None)
    fields = " ".join(f"{name}={_shown(value)!r}" for name, value in event.items())
    line = f"{when} {level:<7} {what}  {fields}"
    return f"{line}\n{traceback}" if traceback else line


def _shown(value: object) -> object:
    """Return a value as it is shown: members of enumerations are texts."""
    return str(value) if isinstance(value, str) else value
