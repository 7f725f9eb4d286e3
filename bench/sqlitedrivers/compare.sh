#!/bin/sh
# Compares the two drivers: ./compare.sh [rounds]. They take turns, and in who goes first too, so that what else the
# machine does hits both; printed are the medians and, for each measure, ncruces / modernc.
set -eu
cd "$(dirname "$0")"
rounds=${1:-5}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

bench() {
	"$tmp/bench" -test.run '^$' -test.bench "$1" -test.benchtime "$2" -test.benchmem >>"$tmp/raw" || { cat "$tmp/raw" >&2; exit 1; }
}

go test -c -o "$tmp/bench" .
for d in modernc ncruces; do
	go build -trimpath -ldflags '-s -w' -o "$tmp/$d" "./cmd/$d"
	echo "binary $d bytes $(wc -c <"$tmp/$d")" >>"$tmp/all"
done
n=0
while [ $n -lt "$rounds" ]; do
	n=$((n + 1))
	order="modernc ncruces"
	[ $((n % 2)) -eq 1 ] || order="ncruces modernc"
	for d in $order; do
		bench "Append.*/driver=$d" 300x
		bench "Last50/driver=$d" 2000x
		"$tmp/$d" | awk -v d=$d '{ for (i = 1; i < NF; i += 2) print "Footprint", d, $i, $(i + 1) }' >>"$tmp/all"
	done
done
# BenchmarkX/driver=Y-2 N v1 unit1 v2 unit2 …
awk '/^Benchmark/ { split($1, p, "[/=-]"); for (i = 3; i < NF; i += 2) print p[1], p[3], $(i + 1), $i }' "$tmp/raw" >>"$tmp/all"
sort -k1,1 -k3,3 -k2,2 -k4,4n "$tmp/all" | awk '
	function tell(   m) {
		if (count == 0) return
		m = v[int((count + 1) / 2)]
		if (driver == "modernc") first = m
		else printf "%-22s %-14s modernc %11.1f  ncruces %11.1f  ratio %.2f\n", name, unit, first, m, m / first
		count = 0
	}
	{ k = $1 " " $2 " " $3 }
	k != key { tell(); key = k; name = $1; driver = $2; unit = $3 }
	{ v[++count] = $4 }
	END { tell() }'
