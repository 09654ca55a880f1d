#!/bin/sh
# Installs what is missing, builds, and shows lbd at work: three demo servers behind it, traffic through it, and lbtop
# on it. Without a terminal it prints the distribution and one table instead. Ends only what it has started.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=tests/support/setup.sh
. "$top/tests/support/setup.sh"

build=$top/build
origin=$build/tests/support/origin
pids=
started=
work=

stop() {
	trap - EXIT
	for pid in $pids; do
		kill "$pid" 2>/dev/null || :
	done
	for pid in $pids; do
		wait "$pid" 2>/dev/null || :
	done
	[ -z "$started" ] || say "stopped again: ${started#, }"
	[ -z "$work" ] || rm -rf "$work"
}
trap stop EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# await SECONDS COMMAND...: until the command succeeds
await() {
	tries=$(($1 * 10))
	shift
	while ! "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.1
	done
}

# bound NAME PORT: starts a demo server, on a port that the kernel chooses if this one is taken; sets pid and port
bound() {
	for port in "$2" 0; do
		"$origin" -n "$1" -l "127.0.0.1:$port" >"$work/$1.out" 2>"$work/$1.err" &
		pid=$!
		if await 5 origin_decided "$1" "$pid" && grep -q '^listening' "$work/$1.out"; then
			port=$(sed -n 's/^listening .*://p' "$work/$1.out")
			return 0
		fi
		wait "$pid" || :
	done
	cat "$work/$1.err" >&2
	die "the demo server $1 did not start"
}

origin_decided() {
	grep -q '^listening' "$work/$1.out" || ! kill -0 "$2" 2>/dev/null
}

daemon_answers() {
	curl -sf --noproxy '*' -o /dev/null "$url"
}

daemon_decided() {
	daemon_answers || ! kill -0 "$daemon" 2>/dev/null
}

# Each demo server has passed its first health check.
servers_checked() {
	[ "$("$build/lbtop" -s "$socket" --once </dev/null | grep -c 'UP .*L7OK 200')" = 3 ]
}

setup_install build run
setup_build "$build"
work=$(mktemp -d "${TMPDIR:-/tmp}/lbd-quickstart.XXXXXX")
socket=$work/lbd.sock
conf=$work/quickstart.conf
cp "$top/examples/quickstart.conf" "$conf"

say "starting three demo servers and lbd"
wanted=9001
for name in red green blue; do
	bound "$name" "$wanted"
	pids="$pids $pid"
	started="$started, demo server $name (127.0.0.1:$port)"
	sed -i "s/127\.0\.0\.1:$wanted\"/127.0.0.1:$port\"/" "$conf"
	wanted=$((wanted + 1))
done
# A demo server that comes and goes finds out whether the port of the frontend is free.
bound probe 8080
kill "$pid"
wait "$pid" || :
sed -i -e "s/127\.0\.0\.1:8080\"/127.0.0.1:$port\"/" -e "s|/tmp/lbd-quickstart.sock|$socket|" "$conf"
url=http://127.0.0.1:$port/

"$build/lbd" -f "$conf" -L "$build/src/algorithms/.libs" 2>"$work/lbd.log" &
daemon=$!
pids="$daemon $pids"
started="$started, lbd (pid $daemon)"
if ! await 10 daemon_decided || ! daemon_answers; then
	cat "$work/lbd.log" >&2
	die "lbd does not answer on $url"
fi

if ! await 10 servers_checked; then
	cat "$work/lbd.log" >&2
	die "the demo servers did not pass their health checks"
fi

say "lbd answers on $url: try curl -i $url, and curl '$url?delay=500' for a slow answer"
if [ -t 0 ] && [ -t 1 ]; then
	say "opening lbtop with some traffic to look at; q leaves it and stops everything"
	for client in 1 2 3; do
		curl -s --noproxy '*' --rate 20/s -o /dev/null "$url?client=$client&delay=5&n=[1-1000000]" >/dev/null 2>&1 &
		pids="$! $pids"
	done
	started="$started, three clients"
	sleep 2 # the lines above are to be read before lbtop hides them
	LBD_SOCKET=$socket "$build/lbtop" -s "$socket"
else
	say "500 requests through $url"
	# At a steady rate, so that the rates in the table are of whole seconds.
	curl -s --noproxy '*' --rate 200/s "$url?n=[1-500]" | sort | uniq -c | sort -rn
	say "lbtop --once"
	"$build/lbtop" -s "$socket" --once </dev/null
	kill "$daemon"
	wait "$daemon" || {
		cat "$work/lbd.log" >&2
		die "lbd did not end well"
	}
fi
