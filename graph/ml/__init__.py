"""Fitting and measuring recommenders.

Snapshots and configs come in; arrays with their description, and metrics, go out. Nothing here reads the database or
answers a request. With the bench this is the only room that imports torch.
"""
