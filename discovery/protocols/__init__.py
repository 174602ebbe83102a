"""Play protocols that existing players speak: ListenBrainz, Last.fm 2.0, Audioscrobbler 1.2, Maloja.

Enters: what a player sends. Leaves: `IncomingPlay`, handed to the one ingest, and an answer in the protocol's own
shape. Players keep a journal and send again what was not answered well: whatever is rightly not kept (private, known
already, recorded without permission) is answered like what is.
"""
