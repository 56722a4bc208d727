#!/bin/sh
# Build .venv from the lock, every package checked against its hash, and stamp it with the
# lock's hash. Nothing is done where the stamp is current. See infra/decisions/0002.
set -eu
cd "$(dirname "$0")/.."

for python in python3.11 python3 ""; do
    [ -n "$python" ] || {
        echo "make env needs Python 3.11 as python3.11 or python3, and found neither." >&2
        echo "Install it (Debian: apt-get install python3.11 python3.11-venv), then try again." >&2
        exit 2
    }
    "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null && break
done

stamp_of() {
    "$python" -c 'import hashlib, sys
print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest(), sys.argv[1])' "$1"
}

stamp=.venv/lock.sha256
lock=infra/requirements.lock
public=infra/requirements-public.lock
if [ -f "$stamp" ]; then
    found=$(cat "$stamp")
    [ "$found" != "$(stamp_of $lock)" ] && [ "$found" != "$(stamp_of $public)" ] || exit 0
fi

echo "Building .venv from $lock: a few minutes, and 3 GB of disk."
"$python" -m venv --clear .venv
pip() { .venv/bin/python -m pip --disable-pip-version-check "$@"; }

# pip offers the CPU wheel of torch only where the machine's own configuration knows of one.
torch=$(grep -o '^torch==[^ ]*' $lock)
if ! answer=$(pip install --dry-run --no-deps --quiet "$torch" 2>&1); then
    case $answer in
        *"No matching distribution found for torch"*)
            echo "pip finds no $torch here: using $public, whose torch brings gigabytes of CUDA."
            lock=$public ;;
        *)
            echo "$answer" >&2
            exit 1 ;;
    esac
fi

# The lock is the whole list, hence --no-deps; lime alone is published as source only.
total=$(grep -c '^[a-z]' "$lock")
{ pip install --require-hashes --no-deps --only-binary :all: --no-binary lime -r "$lock" 2>&1 ||
    : > .venv/failed; } | awk -v total="$total" -v record=.venv/install.log '
    { print > record }
    /^Collecting/ { printf "\r  %d of %d packages fetched", ++fetched, total }
    /^Installing collected/ { printf "\n  installing them\n" }
    { fflush() }'
[ ! -e .venv/failed ] || { tail -n 20 .venv/install.log >&2; exit 1; }
pip install --quiet --no-deps --no-build-isolation -e .
pip check
stamp_of "$lock" > "$stamp"
