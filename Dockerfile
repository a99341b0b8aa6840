# The image of web, worker, beat and sender: one image, four commands (docker-compose.yml).
FROM python:3.13-slim AS build
WORKDIR /app
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.txt .
RUN python -m venv /venv && /venv/bin/pip install --require-hashes -r requirements.txt
COPY . .
# collectstatic reads the settings; it needs no server and none of these values are used when running.
RUN PRODUCTION=1 SECRET_KEY=only-while-the-image-is-built \
    DATABASE_URL=postgresql://app@localhost/none DATABASE_OWNER_URL=postgresql://owner@localhost/none \
    REDIS_URL=redis://localhost/0 \
    /venv/bin/python manage.py collectstatic --noinput

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /app clinic
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PRODUCTION=1
USER 10001
EXPOSE 8000
CMD ["gunicorn", "clinic.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4"]
