# Finds the .NET 10 SDK, or installs it for this user. Sourced by ./peregrine and ./test; sets DOTNET to the host's path.

has_sdk() { [ -x "$1" ] && "$1" --list-sdks 2>/dev/null | grep -q '^10\.0\.'; }

find_dotnet() {
  local candidate
  for candidate in "$(command -v dotnet || true)" "${DOTNET_ROOT:-}/dotnet" "$HOME/.dotnet/dotnet" /usr/share/dotnet/dotnet /usr/lib/dotnet/dotnet /opt/dotnet/dotnet; do
    if [ -n "$candidate" ] && has_sdk "$candidate"; then
      DOTNET=$(readlink -f "$candidate")
      return 0
    fi
  done
  return 1
}

install_dotnet() {
  if [ "$(uname -m)" = riscv64 ]; then
    echo "peregrine: no .NET 10 SDK found, and Microsoft ships none for riscv64. Unpack a community build into ~/.dotnet (see docs/architecture.md)." >&2
    return 1
  fi
  echo "peregrine: no .NET 10 SDK found; installing it into $HOME/.dotnet with Microsoft's install script (about 230 MB)." >&2
  local script
  script=$(mktemp)
  if command -v curl >/dev/null; then curl -fsSL https://dot.net/v1/dotnet-install.sh -o "$script"
  elif command -v wget >/dev/null; then wget -qO "$script" https://dot.net/v1/dotnet-install.sh
  else echo "peregrine: neither curl nor wget is here to fetch it." >&2; return 1
  fi || { echo "peregrine: could not fetch https://dot.net/v1/dotnet-install.sh; install the .NET 10 SDK by hand and try again." >&2; return 1; }
  bash "$script" --channel 10.0 --install-dir "$HOME/.dotnet" >&2 || { echo "peregrine: the install script failed." >&2; return 1; }
  rm -f "$script"
  DOTNET="$HOME/.dotnet/dotnet"
  has_sdk "$DOTNET"
}

need_dotnet() {
  export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
  find_dotnet || install_dotnet || { echo "peregrine: .NET 10 is needed and could not be set up." >&2; exit 1; }
}
