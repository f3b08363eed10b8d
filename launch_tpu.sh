#!/usr/bin/env bash
# Runs a study on a Cloud TPU slice, or on several, until it is done.
#
#   ./launch_tpu.sh run NAME --zone ZONE --type TYPE --bucket gs://BUCKET/FOLDER
#       [OPTION ...] -- STUDY.gin [ARGUMENT ...]
#   ./launch_tpu.sh attach NAME       follow it again, after a dropped terminal
#   ./launch_tpu.sh status [NAME]     what is there, and whether it costs money
#   ./launch_tpu.sh stop NAME         stop the study; it saves, the slice stays
#   ./launch_tpu.sh delete NAME       give the slice back; ends all cost
#   ./launch_tpu.sh tensorboard NAME [PORT]   its curves, on localhost:PORT
#
# The ARGUMENTs are those of `xltransfer run`. The study's folder is the FOLDER
# of the bucket, mounted on every worker: a slice that was preempted is asked
# for anew and goes on from there, while a terminal follows it. The bucket needs
# a hierarchical namespace, in which a folder is renamed in one step.
#
#   --spot             may be preempted, and costs less
#   --slices N         N slices of TYPE, as one
#   --project ID       else gcloud's own
#   --runtime VERSION  else the one that belongs to TYPE
#   --commit REF       what is installed; else HEAD
#   --data gs://...    official files, copied to every worker
#   --wait SECONDS     for a slice, before the request is withdrawn; 86400
#   --keep             do not give the slice back when the study ends
#   --dry-run          print every gcloud command and run none (any command)
#
# It ends with the study's exit code, and says what is left and costs money.
set -euo pipefail

readonly SELF="$0"
ROOT="$(cd "$(dirname "$0")" && pwd)"
readonly ROOT
# Installing takes packages from the network, which may fail for a moment.
readonly INSTALLATIONS=2
# On a worker, below its home.
readonly WORKER="xltransfer/code/launch/worker.sh"

# shellcheck source=launch/options.sh
source "$ROOT/launch/options.sh"
# shellcheck source=launch/slice.sh
source "$ROOT/launch/slice.sh"

main() {
  local command="${1:-}" arguments=() one
  for one in "${@:2}"; do
    [[ "$one" != -- || "$command" != run ]] || break
    [[ "$one" == --dry-run ]] && dry=yes || arguments+=("$one")
  done
  case "$command" in
    run) options "${@:2}" && run_study ;;
    attach | stop | delete)
      known "${arguments[@]}"
      "${command}_study"
      ;;
    tensorboard)
      known "${arguments[0]:-}"
      tensorboard "${arguments[1]:-6006}"
      ;;
    status) all_status "${arguments[@]}" ;;
    *) usage "which command?" ;;
  esac
}

run_study() {
  begin no
  check_bucket
  check_absent
  remember
  ask
  until bring_up; do renew; done
  stay
}

check_bucket() {
  local root="${bucket#gs://}" folders
  root="gs://${root%%/*}"
  folders="$(gc storage buckets describe "$root" \
    --format='value(hierarchical_namespace.enabled)')" ||
    fail "$root cannot be read: $(why)"
  [[ -n "$dry" || "$folders" == True ]] || fail "$root has no hierarchical \
namespace. Make a bucket that has one: gcloud storage buckets create \
gs://BUCKET --location=REGION --uniform-bucket-level-access \
--enable-hierarchical-namespace"
}

check_absent() {
  local now
  now="$(state)"
  case "$now" in
    ABSENT) ;;
    LOST) fail "the slice cannot be asked for: $(why)" "$LOST" ;;
    *)
      [[ -z "$dry" ]] || return 0
      held=maybe
      fail "$name is there already ($now). Follow it: $SELF attach $name"
      ;;
  esac
}

# Waits for the slice, installs and starts; PREEMPTED if it goes meanwhile.
bring_up() {
  await_slice || return "$PREEMPTED"
  install_everywhere || return "$PREEMPTED"
  everywhere "$WORKER start $study" || came_to_grief "a worker did not start"
}

install_everywhere() {
  local archive turn install
  archive="$(mktemp)"
  git -C "$ROOT" archive --format=tar.gz --output="$archive" "$commit" ||
    fail "commit $commit cannot be packed."
  printf -v install '%q ' "$WORKER" install "$commit" "$bucket" "$data"
  install="mkdir -p xltransfer/code && tar -xzf xltransfer.tar.gz \
-C xltransfer/code && $install"
  for ((turn = 1; turn <= INSTALLATIONS; turn++)); do
    if copy_everywhere "$archive" xltransfer.tar.gz && everywhere "$install"
    then
      rm -f "$archive"
      return 0
    fi
    why="$(why)"
    say "installing failed, attempt $turn of $INSTALLATIONS"
    [[ "$(state)" == ACTIVE ]] || break
  done
  rm -f "$archive"
  came_to_grief "a worker could not be installed: $why"
}

# A step failed: was the slice preempted, the network lost, or what else?
came_to_grief() {
  case "$(state)" in
    SUSPENDING | SUSPENDED) return "$PREEMPTED" ;;
    ABSENT) gone ;;
    LOST) network_lost ;;
  esac
  finish
  fail "$1"
}

finish() { [[ -n "$keep" ]] || give_back; }

# Follows the study to its end, through preemptions and a lost network.
stay() {
  local now lost=0
  while :; do
    reach "$(nodes | head -n 1)" 0 "$WORKER follow" </dev/null || true
    now="$(study_state)"
    [[ "$now" == LOST ]] && lost=$((lost + 1)) || lost=0
    case "$now" in
      running) ;;
      ABSENT) gone ;;
      LOST) ((lost < PATIENCE)) || network_lost ;;
      PREEMPTED) renew && until bring_up; do renew; done ;;
      absent) until bring_up; do renew; done ;;
      0) conclude 0 ;;
      *) was_preempted || conclude "$now" ;;
    esac
    sleep "$POLL"
  done
}

# Prints PREEMPTED, ABSENT, LOST, absent (not started), running, or the study's
# exit code.
study_state() {
  local now found
  now="$(state)"
  case "$now" in
    ACTIVE) ;;
    SUSPENDING | SUSPENDED | FAILED) echo PREEMPTED && return ;;
    ABSENT | LOST) echo "$now" && return ;;
    *) echo absent && return ;;
  esac
  found="$(everywhere "$WORKER state" 2>/dev/null)" || { echo LOST && return; }
  [[ -z "$dry" ]] || found="worker dry exit 0"
  # One that failed takes the others with it (76): its code counts.
  grep -oE '^worker [^ ]+ exit [1-9][0-9]*' <<<"$found" |
    grep -oE '[0-9]+$' | sed 's/^76$/z&/' | sort | head -n 1 |
    sed 's/^z//' | grep . && return
  if grep -q '^worker [^ ]* running' <<<"$found"; then
    echo running
  elif grep -q '^worker [^ ]* exit 0' <<<"$found"; then
    echo 0
  else
    echo absent
  fi
}

# A worker that goes takes the study with it before its slice is known to go.
was_preempted() {
  local turn
  for ((turn = 0; turn < PATIENCE; turn++)); do
    case "$(state)" in SUSPENDING | SUSPENDED) return 0 ;; esac
    sleep "$POLL"
  done
  return 1
}

conclude() {
  held=yes
  case "$1" in
    0) say "the study is done: $bucket" ;;
    # xltransfer's code for a study that was asked to stop.
    75)
      say "the study was stopped; it is saved in $bucket"
      exit 75
      ;;
    *)
      everywhere "$WORKER tail" >&2 || true
      everywhere "$WORKER stop" >/dev/null || true
      say "the study ended with exit code $1; its logs are in $bucket/logs"
      ;;
  esac
  finish
  [[ "$1" != 0 || "$held" != maybe ]] || exit 1
  exit "$1"
}

attach_study() {
  begin maybe
  case "$(state)" in
    ABSENT) gone ;;
    ACTIVE) held=yes ;;
    LOST) network_lost ;;
    *) until bring_up; do renew; done ;;
  esac
  stay
}

stop_study() {
  begin maybe
  case "$(state)" in
    ABSENT) gone ;;
    ACTIVE) held=yes ;;
  esac
  everywhere "$WORKER stop" || fail "not every worker has stopped: $(why)"
  say "the study is saved and stopped; delete the slice and \`run\` goes on."
}

delete_study() {
  begin maybe
  give_back
  [[ "$held" == no ]] || exit 1
  [[ -n "$dry" ]] || rm -f "$STATE/$name"
}

tensorboard() {
  begin yes
  say "http://localhost:$1"
  reach "$(nodes | head -n 1)" 0 "xltransfer/venv/bin/tensorboard \
--logdir=xltransfer/study --port=$1" -- -L "$1:localhost:$1"
}

all_status() {
  local one names=("$@")
  [[ $# -gt 0 ]] || for one in "$STATE"/*; do
    [[ ! -f "$one" ]] || names+=("${one##*/}")
  done
  [[ ${#names[@]} -gt 0 ]] || echo "nothing was launched from here."
  for one in "${names[@]}"; do (known "$one" && status_of); done
}

status_of() {
  local now end="$SELF delete $name" costs
  now="$(state)"
  case "$now" in
    ABSENT) costs="costs nothing" ;;
    LOST) costs="cannot be reached and may cost money; to end it: $end" ;;
    SUSPENDED | FAILED) costs="costs nothing; tidy up: $end" ;;
    CREATING | ACCEPTED | WAITING_FOR_RESOURCES)
      costs="costs nothing until it is granted; to withdraw it: $end"
      ;;
    *) costs="costs money until: $end" ;;
  esac
  [[ "$now" != ACTIVE ]] || now+=", study: $(study_state)"
  echo "$name ($slices x $type${spot:+, spot}, $zone): $now; $costs"
}

main "$@"
