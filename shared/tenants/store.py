"""The tenants' table: what a tenant owns, counted in the transactions that add and remove it."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from shared.errors import LimitExceeded
from shared.store import Row, Table, Transaction, translated


class TenantRow(Row):
    class Meta:
        table_name = Table("tenants_table")

    id = UnicodeAttribute(hash_key=True)
    namespace = UnicodeAttribute(null=True)
    functions = NumberAttribute(null=True)


def add_function(write: Transaction, owner: str, *, namespace: str, quota: int) -> None:
    """Counts one more, unless the quota is used up. Makes the tenant's row with the first thing they own."""
    write.update(
        TenantRow(owner),
        actions=[TenantRow.functions.add(1), TenantRow.namespace.set(namespace)],
        condition=TenantRow.functions.does_not_exist() | (TenantRow.functions < quota),
        otherwise=LimitExceeded(
            f"{owner!r} owns {quota} functions already, which is the quota; delete one first"
        ),
    )


def remove_function(write: Transaction, owner: str) -> None:
    write.update(TenantRow(owner), actions=[TenantRow.functions.add(-1)], condition=TenantRow.functions > 0)


def functions_of(owner: str) -> int:
    try:
        with translated():
            return int(TenantRow.get(owner).functions or 0)
    except TenantRow.DoesNotExist:
        return 0
