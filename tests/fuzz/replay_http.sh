#!/bin/sh
# Replays the corpora of the http fuzz targets. A libFuzzer build explores instead and is not replayed here.
set -e
for target in request_head response_head chunked; do
	./fuzz_$target ${FUZZ_OPTIONS:+$FUZZ_OPTIONS} "${srcdir:-.}/tests/fuzz/corpus/$target"
done
