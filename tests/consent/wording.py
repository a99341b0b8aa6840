"""One list in each state, and what PostgreSQL refuses about it to the application and to the owner alike."""

from dataclasses import dataclass

import pytest
from django.db import DatabaseError, connections, transaction

from consent.models import Remark, Risk, RiskList
from tests import make

RISK_TEXTS = [f"{part}_{language}" for part in Risk.PARTS for language in ("en", "ar")]


def refused(sql: str, *values: object) -> str:
    """The name of the constraint that refused it to both roles; nothing of it stays."""
    names = set()
    for alias in ("default", "owner"):
        with pytest.raises(DatabaseError) as error, transaction.atomic(using=alias):
            with connections[alias].cursor() as cursor:
                cursor.execute(sql, values)
        names.add(error.value.__cause__.diag.constraint_name)
    assert len(names) == 1, names
    return names.pop() or ""


def put(row: RiskList | Risk | Remark, **values: object) -> str:
    """The name of the constraint that refused new values of a row's columns."""
    columns = ", ".join(f"{column} = %s" for column in values)
    return refused(
        f"UPDATE {row._meta.db_table} SET {columns} WHERE id = %s", *values.values(), row.pk
    )


@dataclass
class Lists:
    """One list in each state, of treatments of their own."""

    live: RiskList
    draft: RiskList
    in_review: RiskList
    reviewed: RiskList


def lists_in_each_state() -> Lists:
    return Lists(
        live=make.treatment().risk_lists.get(),
        draft=make.risk_list(make.treatment("peel", risks=0)),
        in_review=make.in_review(make.risk_list(make.treatment("laser", risks=0))),
        reviewed=make.reviewed(make.risk_list(make.treatment("botox", risks=0))),
    )
