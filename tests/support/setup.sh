# shellcheck shell=sh
# Read by examples/quickstart.sh, tests/run.sh and .ci/run: installs the packages that are missing and builds.
# The caller sets top, the directory of the project.
: "${top:?}"

say() {
	printf '== %s\n' "$*"
}

die() {
	printf 'error: %s\n' "$*" >&2
	exit 1
}

# Neither autoconf nor make can work in such a path; said here, before anything is installed or built.
case $top in
*[!A-Za-z0-9_./+,@%~=-]*)
	die "the path of this directory, '$top', has a blank or another character that autoconf and make cannot handle;" \
		"move it to a path of letters, digits and _ . / + , @ % ~ = - and run this again"
	;;
esac

# setup_missing SET...: the packages of these sets that are not installed, one a line
setup_missing() {
	for set in "$@"; do
		sed -n "s/^$set	\([^	]*\)	.*/\1/p" "$top/tests/support/packages"
	done | sort -u | while read -r package; do
		status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) || status=none
		[ "$status" = installed ] || printf '%s\n' "$package"
	done
}

# setup_install SET...: installs what setup_missing names, and nothing else
setup_install() {
	command -v dpkg-query >/dev/null || die "this script installs with apt-get and needs Debian 12;" \
		"elsewhere install the counterparts of tests/support/packages and run autoreconf, configure and make"
	missing=$(setup_missing "$@" | tr '\n' ' ')
	[ -n "$missing" ] || return 0
	say "installing: $missing"
	if [ "$(id -u)" -eq 0 ]; then
		as_root=
	elif command -v sudo >/dev/null; then
		as_root=sudo
	else
		die "these packages are missing and neither root nor sudo is at hand; as root run: apt-get install $missing"
	fi
	# missing is a list of words.
	# shellcheck disable=SC2086
	if ! $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q </dev/null ||
		! $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
			-o Dpkg::Use-Pty=0 $missing </dev/null; then
		die "apt-get could not install: $missing(its messages stand above)"
	fi
}

setup_jobs() {
	getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2
}

# setup_build DIR [CONFIGURE ARGUMENT]...: builds in DIR, out of the way of the sources
setup_build() {
	dir=$1
	shift
	if [ ! -x "$top/configure" ] || [ -n "$(find "$top/configure.ac" "$top/Makefile.am" "$top"/*/local.mk \
		"$top"/tests/*/local.mk -newer "$top/configure" 2>/dev/null)" ]; then
		say "making configure"
		(cd "$top" && autoreconf -fi) >"$top/build-aux.log" 2>&1 || {
			cat "$top/build-aux.log" >&2
			die "autoreconf failed"
		}
	fi
	mkdir -p "$dir"
	if [ ! -f "$dir/Makefile" ] || [ "$(cat "$dir/configured" 2>/dev/null)" != "$*" ] ||
		[ -n "$(find "$top/configure" -newer "$dir/config.status")" ]; then
		say "configuring in $dir"
		(cd "$dir" && "$top/configure" -q "$@") || die "configure failed; $dir/config.log has the details"
		printf '%s\n' "$*" >"$dir/configured"
	fi
	say "building in $dir"
	make -s -C "$dir" -j"$(setup_jobs)" || die "the build failed"
}
