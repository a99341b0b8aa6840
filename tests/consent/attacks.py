"""The table of attacks: what a row of it is, and the sentences of the findings that catch one."""

from collections.abc import Callable

from tests.consent.attacker import Attacker

# What catches it: the sentences of the findings.
COLUMN = "the column is not what the signed bytes say"
ACT = "the act is not the one in the signed bytes"
LIST_WORDS = "the list says other words than were acknowledged"
WORDS_HASH = "it is not the hash of the words beside it"
HASH = "the bytes do not have the hash that names them"
FORM = "the bytes are not in the canonical form"
NOT_SIGNED = "the clinic's key did not sign it"
FOREIGN_KEY = "no key of the clinic's signed it"
NODE = "the node is not the hash of what stands below it"
LEAF_GONE = "there is no leaf at this place of the tree"
ENTRY_GONE = "the entry of this leaf is gone"
NO_ENTRY = "its entry is not in the ledger"
ROW_GONE = "the record is gone"
FEWER = "the tree has fewer entries than its head"
ANCHOR_CUT = "the ledger has fewer entries than were anchored: it was set back, or cut"
ANCHOR_ROOT = "the ledger's first entries are not those that were anchored"
PUBLISHED = "the list is not what was published"
HEAD_GONE = "the head that was anchored is no longer in the database"
RECEIPT = "receipt without entry: the clinic signed it, and the entry is not in the ledger"
NOT_NEWEST = "the receipt is not of its newest record"
VALUE = "the value is not the one that was committed to"
VALUE_GONE = "the value is gone, and no erasure was entered"
TOO_FEW_ACTS = "the acts are not one for each risk of the list"
BELONGS_TO_NOTHING = "the value belongs to nothing that was signed"
AHEAD = "an anchor says that more entries were kept than there are"
GUARD = "this guard is not as it was shipped, or it is switched off"
COUNT = "the signed bytes count another number of acts"

Attack = Callable[[Attacker], None]
Row = tuple[str, Attack, set[str]]


def rows_of(table: list[Row]) -> Callable[..., Callable[[Attack], Attack]]:
    """What makes of a function a row of this table."""

    def attack(name: str, *caught_by: str) -> Callable[[Attack], Attack]:
        """A row of the table."""

        def note(act: Attack) -> Attack:
            table.append((name, act, set(caught_by)))
            return act

        return note

    return attack


def record(one: Attacker, place: int):
    return one.scene.records[place]
