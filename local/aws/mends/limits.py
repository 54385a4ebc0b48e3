"""TransactGetItems takes 100 items since September 2022; moto still refuses the 26th.

https://github.com/getmoto/moto/blob/5.2.5/moto/dynamodb/responses.py#L38
"""

from moto.dynamodb import responses

from local.aws.mends.patch import replace


def install() -> None:
    replace(responses, "TRANSACTION_MAX_ITEMS", 100)
