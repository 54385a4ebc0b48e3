"""What calls functions besides HTTP: queues, streams and schedules, as Lambda's event source mappings do."""

from local.sources.run import run_sources

__all__ = ["run_sources"]
