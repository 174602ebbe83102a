"""Files in which other services hand listening over: one module a format, known by what is in a file.

Enters: a file as it was sent. Leaves: what stands in it, place by place (`found`), read as a stream. No database, and no
word on whether a play is sound: that is the ingest's.
"""
