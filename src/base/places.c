#include "base/places.h"

#include <stddef.h>

static struct place_waiter *places_waiter_of(struct list *link)
{
	return (struct place_waiter *)((char *)link - offsetof(struct place_waiter, link));
}

void places_init(struct places *p, uint32_t most)
{
	atomic_init(&p->taken, 0);
	atomic_init(&p->waiting, 0);
	atomic_init(&p->most, most ? most : UINT32_MAX);
	atomic_init(&p->waits, 0);
	pthread_mutex_init(&p->lock, NULL);
	list_init(&p->waiters);
}

void places_end(struct places *p)
{
	pthread_mutex_destroy(&p->lock);
}

static bool places_take_free(struct places *p)
{
	uint32_t taken = atomic_load(&p->taken);
	while (taken < atomic_load_explicit(&p->most, memory_order_relaxed))
		if (atomic_compare_exchange_weak(&p->taken, &taken, taken + 1))
			return true;
	return false;
}

bool places_take(struct places *p)
{
	return !atomic_load(&p->waiting) && places_take_free(p);
}

/* Under the lock. */
static void places_grant(struct places *p)
{
	while (!list_empty(&p->waiters) && places_take_free(p)) {
		struct place_waiter *waiter = places_waiter_of(p->waiters.next);
		list_remove(&waiter->link);
		atomic_fetch_sub(&p->waiting, 1);
		waiter->granted = true;
		waiter->grant(waiter);
	}
}

void places_give(struct places *p)
{
	atomic_fetch_sub(&p->taken, 1);
	if (!atomic_load(&p->waiting))
		return;
	pthread_mutex_lock(&p->lock);
	places_grant(p);
	pthread_mutex_unlock(&p->lock);
}

void places_set_most(struct places *p, uint32_t most)
{
	pthread_mutex_lock(&p->lock);
	atomic_store(&p->most, most ? most : UINT32_MAX);
	places_grant(p);
	pthread_mutex_unlock(&p->lock);
}

uint32_t places_most(const struct places *p)
{
	uint32_t most = atomic_load_explicit(&p->most, memory_order_relaxed);
	return most == UINT32_MAX ? 0 : most;
}

void place_waiter_init(struct place_waiter *waiter, void (*grant)(struct place_waiter *waiter))
{
	*waiter = (struct place_waiter){.grant = grant};
	list_init(&waiter->link);
}

void places_wait(struct places *p, struct place_waiter *waiter)
{
	waiter->at = p;
	pthread_mutex_lock(&p->lock);
	list_append(&p->waiters, &waiter->link);
	atomic_fetch_add_explicit(&p->waits, 1, memory_order_relaxed);
	atomic_fetch_add(&p->waiting, 1);
	/* A place may have become free since the owner looked. */
	places_grant(p);
	pthread_mutex_unlock(&p->lock);
}

bool places_claim(struct place_waiter *waiter)
{
	if (!waiter->at)
		return false;
	pthread_mutex_lock(&waiter->at->lock);
	bool granted = waiter->granted;
	waiter->granted = false;
	pthread_mutex_unlock(&waiter->at->lock);
	return granted;
}

void places_leave(struct place_waiter *waiter)
{
	struct places *p = waiter->at;
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	bool granted = waiter->granted, waits = !list_empty(&waiter->link);
	waiter->granted = false;
	if (waits) {
		list_remove(&waiter->link);
		atomic_fetch_sub(&p->waiting, 1);
	}
	pthread_mutex_unlock(&p->lock);
	if (granted)
		places_give(p);
}
