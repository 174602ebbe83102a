"""WHAT WORDS MEAN FOR MUSIC: lists by hand, a table of vectors made from a sentence model, and what both say of items.

Numpy alone; no person's data enters, and no sentence model is loaded here (`graph.ml.distill` makes the table).
"""
