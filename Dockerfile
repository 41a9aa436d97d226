# One image for every role: docker build --tag thunder . && docker run thunder serve --redis-url redis://...
# What it runs to build also runs without Docker, as plain commands of an unprivileged user: tests/acceptance/containers/test_image.py

# A release resolves both tags to digests, builds from these and lists them in base-images.txt. The same by hand:
# --build-arg PYTHON_IMAGE=python@sha256:... --build-arg BUILD_IMAGE=python@sha256:...
# The second is the same Python with a C compiler, for the native read core and decoder.
ARG PYTHON_IMAGE=python:3.11.14-slim-bookworm
ARG BUILD_IMAGE=python:3.11.14-bookworm

FROM ${BUILD_IMAGE} AS build
ARG TOOLS=/opt/tools
ARG PREFIX=/opt/thunder
ENV UV_NO_CACHE=1 UV_PYTHON_PREFERENCE=only-system UV_COMPILE_BYTECODE=1 THUNDER_BUILD_NATIVE=required
WORKDIR /src

COPY .ci/requirements-build.txt ./
RUN python -m venv "$TOOLS" \
 && "$TOOLS/bin/pip" install --no-cache-dir --only-binary :all: --require-hashes --requirement requirements-build.txt

# Wheels alone: what is compiled here is ours.
COPY requirements.txt ./
RUN "$TOOLS/bin/uv" venv --python python "$PREFIX" \
 && "$TOOLS/bin/uv" pip install --python "$PREFIX" --only-binary :all: --require-hashes --requirement requirements.txt

COPY pyproject.toml README.md LICENSE ./
COPY clients/python clients/python
COPY proto proto
COPY lua lua
COPY common common
COPY ingest ingest
COPY serve serve
COPY thunder thunder
RUN "$TOOLS/bin/uv" build --python "$TOOLS" --no-build-isolation --all-packages --wheel --out-dir dist \
 && "$TOOLS/bin/uv" pip install --python "$PREFIX" --no-deps --no-index dist/*.whl \
 && "$TOOLS/bin/cyclonedx-py" environment --pyproject pyproject.toml --spec-version 1.6 --output-reproducible \
      --gather-license-texts --output-file "$PREFIX/sbom.cdx.json" "$PREFIX/bin/python"

FROM ${PYTHON_IMAGE}
ARG PREFIX=/opt/thunder
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Thunder on Redis" \
      org.opencontainers.image.description="The in-network post store behind a social feed" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build ${PREFIX} ${PREFIX}
# Every role, the sources too, has its HTTP port where the health check asks: change it here rather than by a flag.
ENV PATH=${PREFIX}/bin:${PATH} \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    THUNDER_HTTP_PORT=8080
USER 65532:65532
WORKDIR /
EXPOSE 8080 50051
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-m", "thunder.health_check"]
ENTRYPOINT ["thunder"]
CMD ["--help"]
