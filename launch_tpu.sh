#!/usr/bin/env bash
# Runs a study on a Cloud TPU VM with one host (v4-8, v5litepod-8, ...).
#
#   ./launch_tpu.sh create NAME ZONE TYPE     make the VM and install this commit
#   ./launch_tpu.sh run    NAME ZONE STUDY [OPTION ...]   start or go on, detached
#   ./launch_tpu.sh log    NAME ZONE          follow the run's output
#   ./launch_tpu.sh fetch  NAME ZONE DIR      copy the results here
#   ./launch_tpu.sh delete NAME ZONE          give the VM back; ends all cost
#
# DRY_RUN=1 prints the gcloud commands instead of running them. Slices with
# several hosts are not served: their processes would not know of each other.
set -euo pipefail

readonly VERSION="${TPU_VERSION:-tpu-ubuntu2204-base}"
readonly HOME_DIR="xltransfer"

main() {
  [[ $# -ge 3 ]] || usage
  local command="$1" name="$2" zone="$3"
  shift 3
  case "$command" in
    create) create "$name" "$zone" "${1:?which TYPE of TPU?}" ;;
    run) run_study "$name" "$zone" "$@" ;;
    log) remote "$name" "$zone" "tail -n 100 -f $HOME_DIR/run.log" ;;
    fetch) fetch "$name" "$zone" "${1:?into which DIR?}" ;;
    delete) tpu delete "$name" --zone "$zone" --quiet ;;
    *) usage ;;
  esac
}

create() {
  local name="$1" zone="$2" type="$3" archive
  archive="$(mktemp -d)/xltransfer.tar.gz"
  git archive --format=tar.gz --output="$archive" HEAD
  tpu create "$name" --zone "$zone" --accelerator-type "$type" \
    --version "$VERSION"
  echo "$name runs and costs money until: $0 delete $name $zone" >&2
  tpu scp "$archive" "$name:xltransfer.tar.gz" --zone "$zone"
  remote "$name" "$zone" "mkdir -p $HOME_DIR \
    && tar -xzf xltransfer.tar.gz -C $HOME_DIR && cd $HOME_DIR \
    && python3 -m venv venv \
    && venv/bin/pip install -c constraints.txt -e '.[tpu]'"
}

run_study() {
  local name="$1" zone="$2" arguments
  shift 2
  [[ $# -ge 1 ]] || usage
  printf -v arguments '%q ' "$@"
  remote "$name" "$zone" "cd $HOME_DIR \
    && nohup venv/bin/xltransfer run $arguments > run.log 2>&1 &"
  echo "started; follow it with: $0 log $name $zone" >&2
  echo "$name costs money until: $0 delete $name $zone" >&2
}

fetch() {
  local name="$1" zone="$2" directory="$3"
  mkdir -p "$directory"
  tpu scp --recurse "$name:$HOME_DIR/runs" "$directory" --zone "$zone"
}

remote() {
  local name="$1" zone="$2" command="$3"
  tpu ssh "$name" --zone "$zone" --command "$command"
}

tpu() {
  if [[ -n "${DRY_RUN:-}" ]]; then
    printf '%q ' gcloud compute tpus tpu-vm "$@"
    echo
  else
    gcloud compute tpus tpu-vm "$@"
  fi
}

usage() {
  sed -n '2,12s/^# \{0,1\}//p' "$0" >&2
  exit 2
}

main "$@"
