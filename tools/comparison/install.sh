#!/usr/bin/env bash
# Installs one of the things that the comparison measures or measures with, and prints the folder it is in as the last line.
# What is there already is used as it is. When it cannot be had, the exit code is not 0 and the last line of stderr says why.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
name=${1:-}
if (($# != 1)) || [[ $name == */* || ! -f $here/$name/install.sh ]]; then
    names=$(cd "$here" && printf '%s\n' */install.sh | sed 's,/install.sh,,' | paste -sd '|')
    printf 'usage: install.sh %s\n' "$names" >&2
    exit 2
fi
exec bash "$here/$name/install.sh"
