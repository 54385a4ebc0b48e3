"""The layer: what more than one handler uses."""

import gc

# Importing makes some 200,000 objects that live as long as the process. Looking through them for garbage,
# again and again while they were made, took a fifth of a cold start.
gc.set_threshold(100_000, 20, 100)
