"""Sums added up under masks, so that of three servers or more nobody reads any single one's (docs/federation.md).

Additive masking after Bonawitz et al. (CCS 2017), without recovery from whoever drops out: then a round is begun anew.
"""
