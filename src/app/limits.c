#include "app/limits.h"

#include "base/log.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	LIMITS_DESCRIPTORS_MAX = 1 << 20, /* each loop has a table of all that it may meet */
	LIMITS_SPARE = 16,                /* files that are opened for a moment, and log files that are opened anew */
	LIMITS_SHARE = 8,                 /* an eighth at most for stats clients, as much for probes */
	LIMITS_PIPES_SHARE = 16,          /* a sixteenth at most for the pipes of large bodies */
	LIMITS_OVER_US = 1000000,         /* not met for so long: it is over */
	LIMITS_SAID_US = 10000000
};

uint32_t limits_raise_descriptors(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 1024;
	rlim_t most = limit.rlim_max < LIMITS_DESCRIPTORS_MAX ? limit.rlim_max : LIMITS_DESCRIPTORS_MAX;
	if (limit.rlim_cur != most) {
		limit.rlim_cur = most;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
		(void)getrlimit(RLIMIT_NOFILE, &limit);
	}
	return limit.rlim_cur < LIMITS_DESCRIPTORS_MAX ? (uint32_t)limit.rlim_cur : LIMITS_DESCRIPTORS_MAX;
}

static uint32_t limits_open_now(void)
{
	uint32_t count = 0;
	DIR *dir = opendir("/proc/self/fd");
	/* In a chroot: the next descriptor has the lowest number that is free. */
	if (!dir) {
		int next = eventfd(0, EFD_CLOEXEC);
		if (next >= 0)
			close(next);
		return next > 0 ? (uint32_t)next : 0;
	}
	for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

static uint32_t limits_at_most(uint64_t wanted, uint32_t most)
{
	return wanted < most ? (uint32_t)wanted : most;
}

/* Of each worker. */
static uint32_t limits_pipes(uint32_t descriptors, uint32_t workers)
{
	return limits_at_most(descriptors / LIMITS_PIPES_SHARE / 2 / workers, SPLICE_PIPES);
}

static uint32_t limits_reserve(const struct config *config, uint32_t descriptors)
{
	uint64_t clients = 0, probes = 0;
	for (uint32_t i = 0; i < config->global.stats_socket_count; i++)
		clients += config->global.stats_sockets[i].max_clients;
	for (uint32_t i = 0; i < config->backend_count; i++)
		if (config->backends[i].check.type != CONFIG_CHECK_NONE)
			probes += config->backends[i].server_count;
	uint32_t share = descriptors / LIMITS_SHARE;
	return limits_open_now() + limits_at_most(LIMITS_SPARE, share) + limits_at_most(clients, share) +
	       limits_at_most(probes, share);
}

void limits_init(struct limits *limits, const struct config *config, uint32_t descriptors, uint32_t workers,
	struct log_ring *log)
{
	uint32_t pipes = limits_pipes(descriptors, workers), most = config->global.maxconn;
	uint32_t reserve = limits_reserve(config, descriptors) + 2 * pipes * workers;
	uint32_t hard = descriptors > reserve + 2 ? (descriptors - reserve) / 2 : 1;
	*limits = (struct limits){.sessions_hard = hard,
		.reserve = reserve,
		.pipes = pipes,
		.descriptors = descriptors,
		.descriptors_high = descriptors - descriptors / LIMITS_SHARE};
	if (most > hard)
		log_write(log, LOG_LEVEL_WARNING,
			"global.maxconn is %u, but %u descriptors are enough for %u sessions with an upstream each: "
			"%u is the limit. Raise the limit of open files (ulimit -n, LimitNOFILE) to at least %llu.",
			(unsigned)most, (unsigned)descriptors, (unsigned)hard, (unsigned)hard, 2ull * most + reserve);
	places_init(&limits->sessions, most && most < hard ? most : hard);
}

void limits_end(struct limits *limits)
{
	if (limits->sessions_hard)
		places_end(&limits->sessions);
}

int limits_look(struct limit_watch *w, uint64_t met, bool still, uint64_t now_us)
{
	bool was_full = w->full;
	if (met != w->seen || still) {
		w->seen = met;
		w->reached_us = now_us;
		w->full = true;
	} else if (w->full && now_us - w->reached_us >= LIMITS_OVER_US) {
		w->full = false;
	}
	if (w->full == was_full)
		return 0;
	if (w->full) {
		w->said = !w->said_us || now_us - w->said_us >= LIMITS_SAID_US;
		if (w->said)
			w->said_us = now_us;
		return w->said;
	}
	return w->said ? -1 : 0;
}

static void limits_look_at_places(struct limit_watch *w, const struct places *p, const char *who, const char *option,
	struct log_ring *log, uint64_t now_us)
{
	uint64_t met = atomic_load_explicit(&p->waits, memory_order_relaxed);
	bool still = atomic_load_explicit(&p->waiting, memory_order_relaxed) > 0;
	int news = limits_look(w, met, still, now_us);
	if (news > 0)
		log_write(log, LOG_LEVEL_WARNING,
			"%s has reached its maxconn of %u sessions: further connections wait until one ends, and idle "
			"ones are closed for them. '%s' raises it.",
			who, (unsigned)places_most(p), option);
	else if (news < 0)
		log_write(log, LOG_LEVEL_NOTICE, "%s is below its maxconn again: no connection waits.", who);
}

void limits_watch_run(struct limits_watch *watch, const struct limits *limits, const struct proxies *proxies,
	struct log_ring *log, uint64_t now_us)
{
	limits_look_at_places(&watch->process, &limits->sessions, "The process", "set maxconn global", log, now_us);
	for (uint32_t i = 0; i < proxies->frontend_count; i++) {
		const struct frontend *f = proxies->frontends[i];
		char who[160], option[160];
		(void)snprintf(who, sizeof who, "Frontend '%.128s'", f->name);
		(void)snprintf(option, sizeof option, "set maxconn frontend %.128s", f->name);
		limits_look_at_places(&watch->frontends[i], &f->places, who, option, log, now_us);
	}
	uint64_t shortages = atomic_load_explicit(&limits->shortages, memory_order_relaxed);
	int news = limits_look(&watch->descriptors, shortages, false, now_us);
	if (news > 0)
		log_write(log, LOG_LEVEL_WARNING,
			"Descriptors are out: connections wait, and idle upstreams are closed. The limit is %u "
			"(ulimit -n, LimitNOFILE), or that of the whole system is reached (fs.file-max).",
			(unsigned)limits->descriptors);
	else if (news < 0)
		log_write(log, LOG_LEVEL_NOTICE, "Descriptors are to be had again.");
}
