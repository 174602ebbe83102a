"""How the server of the web process is started. Nothing else is loaded for it: the supervisor of a demo asks."""

# What uvicorn is started with: a message is held in memory before we see it, with its compression more than that, and
# several of them for each socket. Anything else that starts the web process passes the same (README).
SERVER_BOUNDS = (
    "--ws-max-size", "65536", "--ws-max-queue", "4", "--ws-per-message-deflate", "false", "--no-server-header",
)  # fmt: skip
