/* What the test plugins share: an algorithm that takes the first server that may take the request. */
#ifndef LBD_TESTS_PLUGIN_BASE_H
#define LBD_TESTS_PLUGIN_BASE_H

#include <lbd/algorithm.h>
#include <stdio.h>
#include <stdlib.h>

static inline void *base_create(const struct lbd_setup *setup, char *error, size_t error_size)
{
	return malloc(1);
}

static inline void *base_prepare(void *instance, const struct lbd_set *set, char *error, size_t error_size)
{
	return instance;
}

static inline void base_release(void *instance, void *table)
{
}

static inline uint32_t base_pick(
	void *instance, const void *table, const struct lbd_set *set, const struct lbd_pick *pick)
{
	for (uint32_t i = 0; i < set->count; i++)
		if (lbd_may_take(set, pick, i))
			return i;
	return LBD_NONE;
}

#endif
