"""Every promised speed, measured against the peer in the same run: `python -m bench`.

A section is a module with `rows(plan)`, which yields one `Row` for each line of the table. Contenders of one
comparison take turns in random order, so that whatever else the machine does falls on all of them; figures are
medians. Nothing here asserts a time: a goal that is missed is a word in a table.
"""
