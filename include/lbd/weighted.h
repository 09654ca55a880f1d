/* Weighted choice in O(1) for algorithms: a guide table over the running sums of the weights (Chen and Asau, 1974).
 * Positions 0 .. sum - 1 belong to servers in proportion to their weights. Built once for a set, read by all workers.
 * Needs C11 and libc; no part of the ABI: it is compiled into the plugin. */
#ifndef LBD_WEIGHTED_H
#define LBD_WEIGHTED_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

struct lbd_weighted {
	uint32_t count, shift;
	uint64_t sum, stride;
	uint64_t *from;  /* from[i]: first position of server i; from[count] is the sum */
	uint32_t *guide; /* the owner of position q << shift */
};

static inline uint64_t lbd_weighted_gcd(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

/* How unevenly multiples of stride / sum are spread: the largest partial quotient of its continued fraction, small is
 * good; UINT64_MAX when they are not coprime. */
static inline uint64_t lbd_weighted_unevenness(uint64_t stride, uint64_t sum)
{
	uint64_t largest = 0;
	while (stride) {
		uint64_t quotient = sum / stride, rest = sum % stride;
		if (quotient > largest)
			largest = quotient;
		sum = stride;
		stride = rest;
	}
	return sum == 1 ? largest : UINT64_MAX;
}

/* A step that meets every position once in sum turns and leaves even gaps for every interval of positions (the
 * three-distance theorem): sum times the golden section has quotients of 1 at first, and the neighbour that has small
 * ones to the end is taken. */
static inline uint64_t lbd_weighted_stride(uint64_t sum)
{
	uint64_t best = 1, least = lbd_weighted_unevenness(1, sum);
	uint64_t at = (uint64_t)((double)sum * 0.6180339887498949);
	for (int tries = 0; at < sum && least > 3 && tries < 1000; at++, tries++) {
		uint64_t unevenness = at ? lbd_weighted_unevenness(at, sum) : UINT64_MAX;
		if (unevenness < least) {
			least = unevenness;
			best = at;
		}
	}
	return best;
}

static inline void lbd_weighted_end(struct lbd_weighted *w)
{
	free(w->from);
	free(w->guide);
	*w = (struct lbd_weighted){0};
}

/* weight[0..count), each at least 1; divided by their greatest common divisor first. False: memory is out, or the sum
 * reaches 2^32. */
static inline bool lbd_weighted_build(struct lbd_weighted *w, const uint32_t *weight, uint32_t count)
{
	uint64_t divisor = 0, sum = 0;
	*w = (struct lbd_weighted){.count = count};
	for (uint32_t i = 0; i < count; i++)
		divisor = lbd_weighted_gcd(weight[i], divisor);
	w->from = malloc(((size_t)count + 1) * sizeof *w->from);
	for (uint32_t i = 0; w->from && i < count; i++) {
		w->from[i] = sum;
		sum += weight[i] / divisor;
	}
	if (!w->from || sum == 0 || sum > UINT32_MAX) {
		lbd_weighted_end(w);
		return false;
	}
	w->from[count] = w->sum = sum;
	while (sum >> w->shift > count)
		w->shift++;
	uint64_t entries = ((sum - 1) >> w->shift) + 1;
	w->guide = malloc(entries * sizeof *w->guide);
	if (!w->guide) {
		lbd_weighted_end(w);
		return false;
	}
	uint32_t owner = 0;
	for (uint64_t q = 0; q < entries; q++) {
		while (w->from[owner + 1] <= q << w->shift)
			owner++;
		w->guide[q] = owner;
	}
	w->stride = lbd_weighted_stride(sum);
	return true;
}

/* Whose position this is; position < sum. */
static inline uint32_t lbd_weighted_owner(const struct lbd_weighted *w, uint64_t position)
{
	uint32_t owner = w->guide[position >> w->shift];
	while (w->from[owner + 1] <= position)
		owner++;
	return owner;
}

/* The server of turn number n of an endless, evenly mixed order: any sum turns in a row hold every server exactly as
 * often as its weight says. */
static inline uint32_t lbd_weighted_turn(const struct lbd_weighted *w, uint64_t n)
{
	return lbd_weighted_owner(w, n % w->sum * w->stride % w->sum);
}

/* 0 .. n - 1 from 32 random bits; n < 2^32 (Lemire, 2019, without the rejection). */
static inline uint64_t lbd_weighted_below(uint32_t random, uint64_t n)
{
	return random * n >> 32;
}

/* The next 64 random bits (the finaliser of SplitMix64), for an algorithm that needs more than one pick brings. */
static inline uint64_t lbd_weighted_mix(uint64_t random)
{
	uint64_t z = random + 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

#endif
