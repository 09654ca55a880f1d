#include "net/name_lookup.h"

#include "base/invariant.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum name_lookup_state { LOOKUP_IDLE, LOOKUP_ASKED, LOOKUP_RUNS, LOOKUP_ANSWERED };

/* The thread may be inside of the resolver when its user goes: then it frees this. */
struct name_lookup {
	struct mail mail; /* first */
	struct loop *loop;
	void (*answered)(void *owner, struct address_list *list, const char *error);
	void *owner;
	pthread_t thread;
	bool has_thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	enum name_lookup_state state;
	bool over;
	char *text;
	struct address_list *list;
	char error[256];
};

static void name_lookup_free(struct name_lookup *l)
{
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->changed);
	free(l->text);
	free(l->list);
	free(l);
}

static void name_lookup_deliver(struct mail *mail, void *receiver)
{
	struct name_lookup *l = (struct name_lookup *)mail;
	char error[sizeof l->error];
	pthread_mutex_lock(&l->lock);
	struct address_list *list = l->list;
	l->list = NULL;
	memcpy(error, l->error, sizeof error);
	l->state = LOOKUP_IDLE;
	pthread_mutex_unlock(&l->lock);
	l->answered(l->owner, list, error);
}

static void *name_lookup_main(void *argument)
{
	struct name_lookup *l = argument;
	pthread_mutex_lock(&l->lock);
	for (;;) {
		while (!l->over && l->state != LOOKUP_ASKED)
			pthread_cond_wait(&l->changed, &l->lock);
		if (l->over)
			break;
		l->state = LOOKUP_RUNS;
		pthread_mutex_unlock(&l->lock);
		struct address_list *list = address_list_resolve(l->text, l->error, sizeof l->error);
		pthread_mutex_lock(&l->lock);
		l->list = list;
		l->state = LOOKUP_ANSWERED;
		/* Under the lock: the loop ends after name_lookup_end only. */
		if (!l->over)
			loop_post(l->loop, &l->mail);
	}
	pthread_mutex_unlock(&l->lock);
	name_lookup_free(l);
	return NULL;
}

struct name_lookup *name_lookup_create(
	struct loop *loop, void (*answered)(void *owner, struct address_list *list, const char *error), void *owner)
{
	struct name_lookup *l = calloc(1, sizeof *l);
	if (!l)
		return NULL;
	l->mail.deliver = name_lookup_deliver;
	l->loop = loop;
	l->answered = answered;
	l->owner = owner;
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->changed, NULL);
	return l;
}

/* Signals are control's. */
static bool name_lookup_start_thread(struct name_lookup *l)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	l->has_thread = pthread_create(&l->thread, NULL, name_lookup_main, l) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return l->has_thread;
}

bool name_lookup_ask(struct name_lookup *l, const char *text)
{
	char *copy = strdup(text);
	if (!copy || (!l->has_thread && !name_lookup_start_thread(l))) {
		free(copy);
		return false;
	}
	pthread_mutex_lock(&l->lock);
	LBD_INVARIANT(l->state == LOOKUP_IDLE);
	free(l->text);
	l->text = copy;
	l->state = LOOKUP_ASKED;
	pthread_cond_signal(&l->changed);
	pthread_mutex_unlock(&l->lock);
	return true;
}

void name_lookup_end(struct name_lookup *l)
{
	if (!l)
		return;
	if (!l->has_thread) {
		name_lookup_free(l);
		return;
	}
	pthread_t thread = l->thread;
	pthread_mutex_lock(&l->lock);
	bool runs = l->state == LOOKUP_RUNS;
	l->over = true;
	pthread_cond_signal(&l->changed);
	pthread_mutex_unlock(&l->lock);
	if (runs)
		pthread_detach(thread);
	else
		pthread_join(thread, NULL);
}
