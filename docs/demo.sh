#!/usr/bin/env bash
# The main job, once through: a repository, a backup of a real folder, a listing, a verified restore, a check.
# Everything it makes lies in demo-data/. Each command is shown before it runs; copy them to go on by hand.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH=$PWD/.venv/bin:$PATH
unset GDP_REPO GDP_PASSWORD_FILE GDP_PASSWORD

show() {
    printf '\n$ %s\n' "$*"
    "$@"
}

rm -rf demo-data
mkdir -p demo-data
(umask 077 && head -c 18 /dev/urandom | base64 >demo-data/password)
export GDP_HOME=$PWD/demo-data/home
repository=(--repo demo-data/repository --password-file demo-data/password)

show gdp "${repository[@]}" init
show gdp "${repository[@]}" backup --exclude __pycache__ gdp docs
show gdp "${repository[@]}" snapshots
show gdp "${repository[@]}" ls latest /docs
show gdp "${repository[@]}" restore latest --target demo-data/restored --verify
show diff -r --exclude=__pycache__ gdp demo-data/restored/gdp
show diff -r docs demo-data/restored/docs
show gdp "${repository[@]}" check --read-data

files=$(find demo-data/restored -type f | wc -l)
printf '\nDone: %s files were backed up encrypted to demo-data/repository, restored to demo-data/restored and are identical.\n' "$files"
