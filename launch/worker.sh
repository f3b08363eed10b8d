#!/usr/bin/env bash
# What `launch_tpu.sh` does on a worker, all below ~/xltransfer:
#
#   code, venv, data   as installed     study   the bucket's folder, mounted
#   cache              of the tasks     run.log, pid, exit   of the study
set -euo pipefail

readonly PLACE="$HOME/xltransfer"
# Seconds in which a study that was asked to stop must have saved.
readonly PATIENCE="${XLTRANSFER_STOP_PATIENCE:-600}"

main() {
  local command="$1"
  shift
  cd "$PLACE"
  case "$command" in
    install) install_all "$@" >install.log 2>&1 || lament ;;
    start) start "$@" ;;
    follow) tail -n 200 -F run.log --pid="$(cat pid)" 2>/dev/null ;;
    state) echo "worker $(hostname) $(state)" ;;
    tail) tail -n 30 run.log | sed "s/^/$(hostname): /" ;;
    stop) stop ;;
  esac
}

lament() {
  tail -n 5 install.log | sed "s/^/$(hostname): /" >&2
  return 1
}

# install_all COMMIT BUCKET DATA, each step in a shell that stops at errors:
# within `||` this one would not.
install_all() {
  export -f packages mount_study install_gcsfuse
  bash -euxo pipefail -c 'packages && mount_study "$2"
    [[ -z "$3" ]] || { mkdir -p data && gcloud storage rsync -r "$3" data; }
    echo "$1" >installed' install "$@"
}

# The images' own Python may be older than what the project needs.
packages() {
  python3 -m pip install --quiet --user uv
  "$HOME/.local/bin/uv" venv --quiet --allow-existing --python 3.11 venv
  "$HOME/.local/bin/uv" pip install --python venv/bin/python \
    -c code/constraints.txt -e 'code[tpu]'
}

mount_study() {
  command -v gcsfuse || install_gcsfuse
  local find='import sys; from xltransfer import buckets
print(buckets.local(sys.argv[1]))'
  local folder
  folder="$(venv/bin/python -c "$find" "$1")"
  ln -sfn "$folder" study
}

install_gcsfuse() {
  local host=https://packages.cloud.google.com/apt
  local key=/usr/share/keyrings/cloud.google.asc
  curl -fsSL "$host/doc/apt-key.gpg" | sudo tee "$key" >/dev/null
  echo "deb [signed-by=$key] $host gcsfuse-$(lsb_release -cs) main" |
    sudo tee /etc/apt/sources.list.d/gcsfuse.list
  sudo apt-get -q update && sudo apt-get -qy install gcsfuse
}

# start STUDY.gin [ARGUMENT ...]
start() {
  [[ "$(state)" != running ]] || return 0
  local options=(--out "$PLACE/study" --cache-dir "$PLACE/cache")
  [[ ! -d data ]] || options+=(--data-dir "$PLACE/data")
  # All workers of all slices find each other.
  export XLTRANSFER_COORDINATOR=auto
  export XLTRANSFER_COMPILATION_CACHE="$PLACE/study/compiled"
  # Else its compiler may overflow its stack (xltransfer/topology/machine.py).
  export LIBTPU_INIT_ARGS="--fibers_default_thread_stack_size=2097152"
  rm -f exit pid
  # A session of its own outlives the connection; the log in the bucket
  # outlives the slice.
  # shellcheck disable=SC2016
  setsid nohup bash -c '
    (cd code && exec ../venv/bin/xltransfer run "$@") &
    echo $! >pid
    code=0; wait $! || code=$?
    mkdir -p study/logs && cp run.log "study/logs/$(hostname).log"
    echo $code >exit' xltransfer "$@" "${options[@]}" \
    >run.log 2>&1 </dev/null &
  until [[ -s pid ]]; do sleep 0.1; done
}

state() {
  if [[ -f exit ]]; then
    echo "exit $(cat exit)"
  elif [[ -f pid ]] && kill -0 "$(cat pid)" 2>/dev/null; then
    echo running
  else
    echo absent
  fi
}

stop() {
  [[ ! -f pid ]] || kill -TERM "$(cat pid)" 2>/dev/null || true
  local turn
  for ((turn = 0; turn < PATIENCE; turn++)); do
    [[ "$(state)" == running ]] || return 0
    sleep 1
  done
  echo "$(hostname): the study does not stop" >&2
  return 1
}

main "$@"
