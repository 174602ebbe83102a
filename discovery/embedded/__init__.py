"""Services that come with the package: Redis and PostgreSQL without an installation, and the demo.

Everything started here ends with the process that started it, however that process ends.
"""
