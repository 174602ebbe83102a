"""Measurements for the documents: peers, ablations, scale, latency, compression.

Snapshots come in, consented or generated; tables as JSON, Markdown and SVG go out. No request needs it.
"""
