# The program against a Milvus server; see docker-compose.yml.
FROM python:3.11-slim-bookworm

RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home agent

WORKDIR /app
# What the program itself needs, in the locked versions: no test tools. PyTorch without CUDA (6.5 GB) unless asked.
COPY requirements.lock requirements-ray.lock requirements-server.lock pyproject.toml README.md LICENSE ./
ARG CUDA=""
RUN test -n "$CUDA" || pip install --no-cache-dir --constraint requirements.lock \
    --extra-index-url https://download.pytorch.org/whl/cpu "torch==$(sed -n 's/^torch==//p' requirements.lock)+cpu"
RUN pip install --no-cache-dir --constraint requirements.lock .
ARG RAY=""
RUN test -z "$RAY" || pip install --no-cache-dir --constraint requirements.lock --requirement requirements-ray.lock
ARG SERVER=""
RUN test -z "$SERVER" || pip install --no-cache-dir --constraint requirements.lock --requirement requirements-server.lock
COPY ingestion ingestion
COPY rag_agent rag_agent
COPY finetune finetune
COPY ui ui
RUN pip install --no-cache-dir --no-deps --editable . && mkdir /data && chown agent /data

USER agent
ENV ARXIV_AGENT_HOME=/data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD python -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"
# Inside the container the page listens on all addresses; compose publishes it on loopback only.
CMD ["arxiv-agent", "ui", "--host", "0.0.0.0"]
