"""From the event table's stream to what is derived from events: delivered at least once, applied once."""
