"""Faults, one after the other, under load: what reaches the mail server, and what the clinic then knows.

sink.py        a mail server in a process of its own, which misbehaves when told to
nursery.py     forks senders and other workers from a warmed parent: a new one takes some 10 ms
workers.py     what the forked processes do, and how a guard is taken away in them
speed.py       the clinic's clock, made to run fast, so that a lease of a minute takes seconds
load.py        visits whose e-mails fall due evenly, and people who book and cancel meanwhile
audit.py       triggers that write down each mark and each lease, in the transaction that made it
invariants.py  what must hold once everything has drained
scene.py       all of it together, for a test
table.py       one line for each fault
"""
