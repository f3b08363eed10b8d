# shellcheck shell=bash
# What the user says, and what was said before. Sourced by `launch_tpu.sh`.

readonly STATE="${XLTRANSFER_LAUNCH_DIR:-${XDG_STATE_HOME:-$HOME/.local/state}/xltransfer}"
readonly SETTINGS=(zone type bucket spot slices project runtime commit data
  wait keep study)

name="" zone="" type="" bucket="" spot="" slices=1 project="" runtime=""
commit="HEAD" data="" wait=86400 keep="" study=""

usage() {
  sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "$0" >&2
  fail "$1" 2
}

options() {
  check_name "${1:-}"
  shift
  while [[ $# -gt 0 && "$1" != -- ]]; do
    case "$1" in
      --spot | --keep) printf -v "${1#--}" yes ;;
      --dry-run) dry=yes ;;
      --zone | --type | --bucket | --slices | --project | --runtime | \
        --commit | --data | --wait)
        [[ $# -gt 1 && "$2" != -* ]] || usage "$1 of what?"
        printf -v "${1#--}" %s "$2"
        shift
        ;;
      *) usage "what is $1?" ;;
    esac
    shift
  done
  [[ $# -gt 1 ]] || usage "which STUDY.gin, after --?"
  shift
  check_options "$1"
  printf -v study '%q ' "$@"
}

check_name() {
  name="$1"
  [[ "$name" =~ ^[a-z][-a-z0-9]{0,37}[a-z0-9]$ ]] ||
    usage "NAME '$name': lower-case letters, digits and hyphens."
}

check_options() {
  [[ -n "$zone" ]] || usage "--zone is missing."
  [[ -n "$type" ]] || usage "--type is missing, as in v5litepod-16."
  [[ "$bucket" =~ ^gs://[a-z0-9._-]+/[^/] ]] ||
    usage "--bucket '$bucket': gs://BUCKET/FOLDER."
  [[ -z "$data" || "$data" == gs://* ]] || usage "--data '$data': gs://..."
  [[ "$slices" =~ ^[1-9][0-9]*$ ]] || usage "--slices '$slices': a number."
  [[ "$wait" =~ ^[0-9]+$ ]] || usage "--wait '$wait': seconds."
  commit="$(git -C "$ROOT" rev-parse --verify --quiet "$commit^{commit}")" ||
    usage "--commit: there is no such commit."
  git -C "$ROOT" cat-file -e "$commit:$1" 2>/dev/null ||
    usage "$1 is not in commit ${commit:0:12}; commit it first."
  runtime="${runtime:-$(runtime_of "$type")}"
  [[ -n "$runtime" ]] || usage "--runtime is needed for --type $type."
}

# The images that Cloud TPU's documentation names for JAX.
runtime_of() {
  case "$1" in
    v2-* | v3-* | v4-*) echo tpu-ubuntu2204-base ;;
    v5litepod-*) echo v2-alpha-tpuv5-lite ;;
    v5p-*) echo v2-alpha-tpuv5 ;;
    v6e-*) echo v2-alpha-tpuv6e ;;
  esac
}

# Settings outlive the terminal. They are read as text and never executed.
remember() {
  [[ -z "$dry" ]] || return 0
  local key
  mkdir -p "$STATE"
  for key in "${SETTINGS[@]}"; do printf '%s=%s\n' "$key" "${!key}"; done \
    >"$STATE/.$name.partial"
  mv "$STATE/.$name.partial" "$STATE/$name"
}

known() {
  local key value
  check_name "${1:-}"
  [[ -f "$STATE/$name" ]] ||
    fail "'$name' is not known here: there is no $STATE/$name." 2
  while IFS='=' read -r key value; do
    [[ " ${SETTINGS[*]} " != *" $key "* ]] || printf -v "$key" %s "$value"
  done <"$STATE/$name"
}
