#!/bin/sh
# Renew both locks from pyproject.toml; needs `uv` on the PATH. Pins that still fit are kept.
# Every extra, for Linux x86_64. See infra/decisions/0002.
set -eu
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

uv pip compile pyproject.toml \
    --extra demo --extra explain --extra kafka --extra web --extra postgres --extra foundation --extra dask --extra dev \
    --python-version 3.11 --python-platform x86_64-manylinux_2_28 --generate-hashes \
    --no-header --no-annotate --no-emit-index-url --quiet -o infra/requirements-public.lock

# The same list on a CPU: torch's local version with the hash of that wheel alone, no CUDA.
torch=$(grep -o '^torch==[0-9.]*' infra/requirements-public.lock)+cpu
python3.11 -m pip download --quiet --no-deps --only-binary :all: --dest "$scratch" "$torch"
hash=$(sha256sum "$scratch"/torch-*.whl | cut -d ' ' -f 1)
awk -v torch="$torch" -v hash="$hash" '
    /^[a-z]/ { keep = $0 !~ /^(cuda-|nvidia-|triton=|torch=)/ }
    /^torch==/ { printf "%s \\\n    --hash=sha256:%s\n", torch, hash }
    keep
' infra/requirements-public.lock > infra/requirements.lock
