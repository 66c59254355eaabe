#!/bin/sh
# Install the run-time packages that requirements.lock pins, hashes checked, into the active environment:
#
#     sh containers/install.sh cpu|cuda [options of uv pip install, such as --group dev]
#
# `cuda` takes torch from PyPI, which brings 4 GB of CUDA libraries that it cannot be imported without. `cpu` takes the
# same versions of torch and torchvision from PyTorch's own index, without CUDA; the lock has no hashes of these two.
set -eu
cd "$(dirname "$0")/.."
variant=${1:-}
case $variant in
cpu | cuda) shift ;;
*) echo "usage: install.sh cpu|cuda [options], not '$variant'" >&2 && exit 2 ;;
esac
if [ "$variant" = cuda ]; then
    exec uv pip install --requirements pyproject.toml --constraints requirements.lock "$@"
fi
pins=$(mktemp)
trap 'rm -f "$pins"' EXIT
awk '/^torch(vision)?==/ {print $1; skip = 1; next} /^[^ ]/ {skip = 0} !skip' requirements.lock > "$pins"
# That index states no upload dates, without which `exclude-newer` in pyproject.toml would leave both out.
uv pip install --torch-backend cpu --exclude-newer-package torch=false --exclude-newer-package torchvision=false \
    --requirements pyproject.toml --constraints "$pins" "$@"
