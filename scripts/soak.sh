#!/usr/bin/env bash
# What takes long to show and cannot be part of every test: a folder of a million files, a file of 60 GB (sparse: no disk
# holds it), and a node that lies ten thousand times, about every question that commands ask. Each part tells how far it
# is. Exit status 0 when every part passed; what failed is named in the last line.
set -uo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH" KEIFU_PROFILE=deep
failed=""

part() {
  local name=$1
  shift
  echo "soak: $name"
  if ape test -q -s -p no:cacheprovider -o tmp_path_retention_policy=none "$@"; then
    echo "soak: $name: passed"
  else
    echo "soak: $name: FAILED"
    failed+="${failed:+, }$name"
  fi
}

files=tests/unit/provenance/test_large_trees.py
part "a million files" "$files::test_a_folder_of_many_files_is_digested_whole"
part "a file of 60 GB" "$files::test_a_sparse_file_is_read_to_its_end_in_little_memory"
part "a node that lies ten thousand times" \
  tests/integration/provenance/test_proved.py::test_no_mutated_answer_gives_a_wrong_ok

if [ -n "$failed" ]; then
  echo "soak: FAILED: $failed"
  exit 1
fi
echo "soak: every part passed"
