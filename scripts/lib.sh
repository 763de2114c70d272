# Shared by scripts/demo and scripts/test: installs what is missing on Debian or Ubuntu and makes the environment.
# Works with bash, coreutils and apt alone.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

say() { printf '%s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

# as_root COMMAND…: run it as root, through sudo where we aren't.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo "$@"
    else fail "Нужны права администратора: запустите от root или установите sudo. / Root or sudo is needed for: $*"
    fi
}

# need_packages PACKAGE…: install those that are missing.
need_packages() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} = 0 ] && return
    command -v apt-get >/dev/null || fail "Установите: ${missing[*]} (apt-get не найден). / Install these: ${missing[*]}"
    say "Ставлю пакеты: ${missing[*]}"
    as_root apt-get update -qq || fail "apt-get update не удался: проверьте сеть. / apt-get update failed."
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# find_python: the newest supported interpreter.
find_python() {
    local candidate
    command -v python3 >/dev/null || need_packages python3 >&2
    for candidate in python3.13 python3.12 python3.11 python3; do
        if command -v "$candidate" >/dev/null &&
            "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    fail "Нужен Python от 3.11 до 3.13. / Python 3.11 to 3.13 is needed."
}

# environment [EXTRA]: make .venv with the project and its extra, once per pyproject.toml.
environment() {
    local python stamp wanted
    python=$(find_python)
    "$python" -c 'import ensurepip, venv' 2>/dev/null || need_packages "$(basename "$(readlink -f "$(command -v "$python")")")-venv"
    stamp=.venv/installed${1:+-$1}
    wanted=$(sha256sum pyproject.toml)
    if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
        [ -x .venv/bin/python ] || "$python" -m venv .venv
        say "Готовлю окружение в .venv (первый раз — пара минут) …"
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable ".${1:+[$1]}"
        echo "$wanted" >"$stamp"
    fi
    PATH="$root/.venv/bin:$PATH"
}
