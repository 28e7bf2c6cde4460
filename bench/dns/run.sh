#!/usr/bin/env bash
# Measures the DNS server beside others in a namespace of its own: server on core 0, load on core 1. bench/dns/run.sh [SECONDS]
# Needs dnsmasq, knotd (knot) and unbound; what is missing is left out.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
seconds=${1:-4}
work=$(mktemp -d)
space=hypr-bench-dns-$$
bench=$work/out/Hypr.Dns.Bench
server= upstream=
cleanup() {
  for pid in $server $upstream; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  ip netns del "$space" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
if [ -n "${BENCH:-}" ]; then mkdir -p "$work/out"; ln -s "$BENCH" "$bench"; else
  dotnet publish Hypr.Dns.Bench.csproj -c Release -r linux-x64 -o "$work/out" -v q -nologo
fi
ip netns add "$space"
inside() { nsenter --net="/run/netns/$space" "$@"; }
inside ip link set lo up

# exec, so that the pid is the server's own.
start() { (exec nsenter --net="/run/netns/$space" taskset -c 0 "$@") >"$work/log" 2>&1 & server=$!; }
ready() { # PORT NAME
  for _ in $(seq 100); do inside dig +short +tries=1 +timeout=1 @127.0.0.1 -p "$1" "$2" 2>/dev/null | grep -q '^[0-9]' && return; sleep 0.1; done
  echo "no answer on port $1:" >&2; cat "$work/log" >&2; return 1
}
stop() { kill "$server"; wait "$server" 2>/dev/null || true; server=; }
load() { inside taskset -c 1 "$bench" load 127.0.0.1 "$@"; }
# Three times, the best counts: other work on the machine only takes away.
best() { # LABEL PORT NAMES CLIENTS WINDOW PROTOCOL [FORMAT]
  local label=$1 port=$2 names=$3 clients=$4 window=$5 protocol=$6 format=${7:-h\{0\}.hypr}
  local line
  line=$(for _ in 1 2 3; do load "$port" "$server" "$names" "$seconds" "$clients" "$window" "$protocol" 0 "$format"; done | sort -n | tail -1)
  printf '%-10s %6s names %3s clients %s  %s\n' "$label" "$names" "$clients" "$protocol" "$line"
}

for names in 1000 65000; do
  start "$bench" serve "$names" 1
  ready 41003 h0.hypr
  head -1 "$work/log"
  best hypr 41003 "$names" 16 32 udp
  best hypr 41003 "$names" 1 64 udp
  best hypr 41003 "$names" 16 32 tcp
  stop

  if command -v dnsmasq >/dev/null; then
    "$bench" names hosts "$names" >"$work/hosts"
    start dnsmasq --no-daemon --conf-file=/dev/null --no-resolv --no-hosts --addn-hosts="$work/hosts" --local=/hypr/ --port=5301 --cache-size=100000 \
      --local-ttl=1 --pid-file= --user=root
    ready 5301 h0.hypr
    best dnsmasq 5301 "$names" 16 32 udp
    best dnsmasq 5301 "$names" 1 64 udp
    stop
  fi

  if command -v knotd >/dev/null; then
    "$bench" names zone "$names" >"$work/hypr.zone"
    mkdir -p "$work/knot"
    cat >"$work/knot.conf" <<CONF
server:
    listen: 127.0.0.1@5302
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
    rundir: $work/knot
database:
    storage: $work/knot
zone:
  - domain: hypr
    file: $work/hypr.zone
CONF
    start knotd -c "$work/knot.conf"
    ready 5302 h0.hypr
    best knot 5302 "$names" 16 32 udp
    best knot 5302 "$names" 1 64 udp
    best knot 5302 "$names" 16 32 tcp
    stop
  fi

  if command -v unbound >/dev/null; then
    {
      printf 'server:\n num-threads: 1\n interface: 127.0.0.1@5303\n do-daemonize: no\n username: ""\n chroot: ""\n pidfile: ""\n use-syslog: no\n'
      printf ' access-control: 127.0.0.0/8 allow\n module-config: "iterator"\n local-zone: "hypr." static\n'
      "$bench" names unbound "$names"
    } >"$work/unbound.conf"
    start unbound -d -c "$work/unbound.conf"
    ready 5303 h0.hypr
    best unbound 5303 "$names" 16 32 udp
    stop
  fi
done

start "$bench" echo 5300
sleep 1
best echo 5300 1000 16 32 udp
best echo 5300 1000 1 64 udp
stop

# Forwarding: the upstream answers on the load's core. Cold: names that were never asked; hot: a thousand that were.
(exec nsenter --net="/run/netns/$space" taskset -c 1 "$bench" upstream 5310) >/dev/null &
upstream=$!
forward() { # LABEL PORT
  local hot
  ready "$2" warm.example
  printf '%-10s cold  %s\n' "$1" "$(load "$2" "$server" 2000000 "$seconds" 16 16 udp 0 "$1{0}.cold.example")"
  load "$2" "$server" 1000 1 16 16 udp 0 "h{0}.example" >/dev/null
  hot=$(for _ in 1 2 3; do load "$2" "$server" 1000 "$seconds" 16 32 udp 0 "h{0}.example"; done | sort -n | tail -1)
  printf '%-10s hot   %s\n' "$1" "$hot"
  stop
}
start "$bench" serve 1 1 127.0.0.1:5310
forward hypr 41003
if command -v dnsmasq >/dev/null; then
  start dnsmasq --no-daemon --conf-file=/dev/null --no-resolv --no-hosts --server=127.0.0.1#5310 --port=5301 --cache-size=10000 --dns-forward-max=4096 \
    --pid-file= --user=root
  forward dnsmasq 5301
fi
if command -v unbound >/dev/null; then
  {
    printf 'server:\n num-threads: 1\n interface: 127.0.0.1@5303\n do-daemonize: no\n username: ""\n chroot: ""\n pidfile: ""\n use-syslog: no\n'
    printf ' access-control: 127.0.0.0/8 allow\n module-config: "iterator"\n do-not-query-localhost: no\n num-queries-per-thread: 4096\n'
    printf ' outgoing-range: 8192\nforward-zone:\n name: "."\n forward-addr: 127.0.0.1@5310\n'
  } >"$work/unbound.conf"
  start unbound -d -c "$work/unbound.conf"
  forward unbound 5303
fi
