"""English requests about tasks, understood without a network: same text, same moment, same answer.

`understand` in `reading` is the entry. Nothing here reads a clock or keeps anything.
"""
