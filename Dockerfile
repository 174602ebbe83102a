# One image for web, workers and the clock: compose.yaml says what each runs.
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/earshot
WORKDIR /srv/earshot
COPY pyproject.toml README.md ./
COPY accounts ./accounts
COPY discovery ./discovery
COPY graph ./graph
COPY tasks ./tasks
COPY locale ./locale
COPY manage.py ./
# uv knows which PyTorch needs no graphics card, as in the Makefile.
RUN /opt/earshot/bin/pip install "uv>=0.8" \
    && /opt/earshot/bin/uv pip install --no-cache --python /opt/earshot/bin/python --torch-backend cpu --editable ".[s3,otel]" \
    && EARSHOT_HOME=/tmp/home STATIC_ROOT=/srv/earshot/static \
        /opt/earshot/bin/python manage.py collectstatic --no-input --skip-checks

FROM python:3.11-slim-bookworm
# Which code this is, for the lineage of models: docker build --build-arg EARSHOT_COMMIT=$(git rev-parse HEAD)
ARG EARSHOT_COMMIT=""
ENV EARSHOT_COMMIT=$EARSHOT_COMMIT
ENV PATH=/opt/earshot/bin:$PATH PYTHONUNBUFFERED=1 EARSHOT_HOME=/var/lib/earshot STATIC_ROOT=/srv/earshot/static
RUN useradd --system --uid 10001 --home-dir /var/lib/earshot --shell /usr/sbin/nologin earshot \
    && install --directory --owner earshot --group earshot --mode 0700 /var/lib/earshot
COPY --from=build /opt/earshot /opt/earshot
COPY --from=build /srv/earshot /srv/earshot
WORKDIR /srv/earshot
USER 10001
VOLUME /var/lib/earshot
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s CMD ["python", "-m", "discovery.platform.probe", "web"]
CMD ["uvicorn", "discovery.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--ws-max-size", "65536", "--ws-max-queue", "4", "--ws-per-message-deflate", "false", "--no-server-header", "--timeout-keep-alive", "65", "--timeout-graceful-shutdown", "20"]
