# shellcheck shell=bash
# A slice: asked for, reached, given back. Sourced by `launch_tpu.sh`.
#
# held: whether it may cost money: no, yes, or maybe where nobody can tell.
# why: what gcloud said last, where it failed.

readonly POLL="${XLTRANSFER_LAUNCH_POLL:-20}"
# Looks in vain, one POLL apart, before the network counts as lost, and before a
# study that failed is known not to have been preempted.
readonly PATIENCE=5
readonly LOST=69 PREEMPTED=70

dry="" held="no" why=""
said="$(mktemp)"
trap 'rm -f "$said"' EXIT

say() { [[ -n "$dry" ]] || echo "launch_tpu: $*" >&2; }

fail() {
  echo "error: $1" >&2
  exit "${2:-1}"
}

# A dry run prints to the terminal, wherever the output would go.
exec 3>&1
gc() {
  if [[ -n "$dry" ]]; then
    { printf '%q ' gcloud "$@" && echo; } >&3
    return
  fi
  gcloud "$@" 2>"$said" && return
  local code=$?
  cat "$said" >&2
  return "$code"
}

why() { tail -n 3 "$said" | tr -s '\n' ' '; }

place() {
  printf '%s\n' --zone="$zone" --quiet
  [[ -z "$project" ]] || printf '%s\n' --project="$project"
}

queued() {
  local verb="$1" where
  shift
  mapfile -t where < <(place)
  gc compute tpus queued-resources "$verb" "$name" "${where[@]}" "$@"
}

# The names of the slices: several get the request's name and a number.
nodes() {
  local number
  [[ "$slices" -gt 1 ]] || { echo "$name" && return; }
  for ((number = 0; number < slices; number++)); do echo "$name-$number"; done
}

# reach NODE WORKER COMMAND [ARGUMENT OF SSH ...]
reach() {
  local node="$1" worker="$2" command="$3" where
  shift 3
  mapfile -t where < <(place)
  gc compute tpus tpu-vm ssh "$node" "${where[@]}" --worker="$worker" \
    --command="$command" "$@"
}

everywhere() {
  local node
  for node in $(nodes); do reach "$node" all "$1" </dev/null || return; done
}

# copy_everywhere FILE PLACE
copy_everywhere() {
  local node where
  mapfile -t where < <(place)
  for node in $(nodes); do
    gc compute tpus tpu-vm scp "$1" "$node:$2" "${where[@]}" --worker=all ||
      return
  done
}

# Prints the state of the request: as the service calls it, or ABSENT or LOST.
state() {
  local found
  if found="$(queued describe --format='value(state.state)' 2>/dev/null)"; then
    [[ -z "$dry" ]] || found=ACTIVE
    echo "${found:-UNKNOWN}"
  elif grep -qiE 'not.?found' "$said"; then
    echo ABSENT
  else
    echo LOST
  fi
}

ask() {
  local how=(--accelerator-type="$type" --runtime-version="$runtime"
    --scopes=https://www.googleapis.com/auth/cloud-platform)
  [[ -z "$spot" ]] || how+=(--spot)
  if [[ "$slices" -gt 1 ]]; then
    how+=(--node-count="$slices" --node-prefix="$name")
  else
    how+=(--node-id="$name")
  fi
  held=maybe
  queued create "${how[@]}" && return
  why="$(why)"
  case "$(state)" in
    ABSENT) held=no ;;
    LOST) ;;
    # Another one's, made meanwhile, is not ours to delete.
    *) [[ "$why" == *"lready exists"* || "$why" == *ALREADY_EXISTS* ]] ||
      give_back ;;
  esac
  fail "no slice: ${why:-gcloud gave no reason.} $(advice "$why")"
}

advice() {
  case "$1" in
    *[Qq]uota*) echo "Ask for quota of $type in $zone, or try another zone." ;;
    *"lready exists"* | *ALREADY_EXISTS*)
      echo "Follow it: $SELF attach $name; end it: $SELF delete $name."
      ;;
    *capacity* | *RESOURCE_EXHAUSTED* | *tockout*)
      echo "Another zone, a smaller type, or --spot, may have some."
      ;;
  esac
}

# Returns once the slice is there; PREEMPTED if it went before that.
await_slice() {
  local now lost=0 since=$SECONDS
  while :; do
    now="$(state)"
    [[ "$now" == LOST ]] && lost=$((lost + 1)) || lost=0
    case "$now" in
      ACTIVE) held=yes && return ;;
      SUSPENDING | SUSPENDED) return "$PREEMPTED" ;;
      FAILED) refused ;;
      ABSENT) gone ;;
    esac
    if ((lost >= PATIENCE)); then network_lost; fi
    if ((lost == 0 && SECONDS - since >= wait)); then
      give_back
      fail "no slice after $wait seconds, for want of capacity ($now). The \
request is withdrawn. $(advice capacity)"
    fi
    say "$name: $now"
    sleep "$POLL"
  done
}

refused() {
  why="$(queued describe --format='value(state.failedData.error.message)' ||
    true)"
  give_back
  fail "no slice: ${why:-the request failed.} $(advice "$why")"
}

gone() {
  held=no
  fail "$name is gone: somebody deleted it. The same \`run\` goes on from $bucket."
}

network_lost() {
  held=maybe
  fail "the network is lost ($(why)). A study that was started goes on. \
Later: $SELF attach $name" "$LOST"
}

# A slice that is just being suspended can be deleted a little later.
give_back() {
  local turn denied
  for ((turn = 1; turn <= PATIENCE; turn++)); do
    queued delete --force && held=no && return
    denied="$(why)"
    if [[ "$(state)" == ABSENT ]]; then
      held=no
      return
    fi
    sleep "$POLL"
  done
  held=maybe
  say "deleting failed: $denied"
}

renew() {
  say "$name was preempted; it is asked for anew and goes on from $bucket"
  give_back
  [[ "$held" == no ]] || fail "the preempted slice cannot be deleted."
  ask
}

# begin HELD
begin() {
  held="$1"
  trap account EXIT
  trap left_alone INT TERM HUP
}

account() {
  local code=$? what="$name ($slices x $type${spot:+, spot}, $zone)"
  trap - EXIT
  rm -f "$said"
  case "$held" in
    no) say "$name: nothing is left running." ;;
    yes)
      say "$what is still there and costs money until: $SELF delete $name"
      ;;
    maybe)
      say "$what may still be there and cost money. Look: $SELF status" \
        "$name. End it: $SELF delete $name"
      ;;
  esac
  exit "$code"
}

left_alone() {
  say "a study that was started goes on: $SELF attach $name"
  exit 130
}
