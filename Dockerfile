# The image of web, worker, beat, sender and sealer: one image, five commands (docker-compose.yml).
FROM python:3.13-slim AS build
WORKDIR /app
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.txt .
RUN python -m venv /venv && /venv/bin/pip install --require-hashes -r requirements.txt
COPY . .
# collectstatic reads the settings; it needs no server and none of these values are used when running.
RUN PRODUCTION=1 SECRET_KEY=only-while-the-image-is-built LEDGER_KEY=none \
    DATABASE_URL=postgresql://app@localhost/none DATABASE_OWNER_URL=postgresql://owner@localhost/none \
    REDIS_URL=redis://localhost/0 EMAIL_URL=smtp://localhost \
    /venv/bin/python manage.py collectstatic --noinput

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /app clinic && install --directory --owner=10001 /anchors
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PRODUCTION=1
USER 10001
EXPOSE 8000
# As `make run` does (clinic/management/commands/run.py; docs/decisions/009); a test compares the two.
CMD ["granian", "clinic.rsgi:server", "--interface=rsgi", "--http=1", "--no-ws", "--host=0.0.0.0", \
    "--workers=2", "--respawn-failed-workers", "--workers-kill-timeout=15s", \
    "--http1-buffer-size=65536", "--http1-header-read-timeout=10000"]
