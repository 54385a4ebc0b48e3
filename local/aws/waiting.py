"""How long GetRecords may wait for a record: the word between the server and the pollers.

In a file of its own, so that the pollers need not import moto for it, which takes a third of a second.
"""

# A header of our own. AWS has no such thing: its pollers ask again several times a second; here that would be
# all that an idle machine does.
WAIT_HEADER = "x-eventflow-wait"
LONGEST_WAIT = 20.0
