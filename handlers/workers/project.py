"""The event table's stream: brings what is derived from events (counters of functions) up to date."""

from shared.projections import stream

handler = stream.handler
