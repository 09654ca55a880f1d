#include "config.h"

#include "app/app.h"

#include "admin/admin.h"
#include "admin/stat_rows.h"
#include "app/binds.h"
#include "app/build.h"
#include "app/confine.h"
#include "app/cpus.h"
#include "app/detach.h"
#include "app/limits.h"
#include "app/memory.h"
#include "app/notify.h"
#include "app/pidfile.h"
#include "app/takeover.h"
#include "app/worker_thread.h"
#include "backend/name_watch.h"
#include "backend/probe.h"
#include "base/clock.h"
#include "base/safe_path.h"
#include "rules/pattern.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { APP_ERROR = 1024, APP_CONTROL_RING = 256 * 1024, APP_WORKER_RING = 1024 * 1024 };

struct app {
	struct config *config;
	struct name_table *names; /* while the objects are made */
	struct loop loop; /* control's */
	struct log *log;
	struct log_ring *ring;
	struct quiesce_reader *readers; /* one for each worker */
	struct reclaimer reclaimer;
	struct algorithm_loader *loader;
	struct backend_host host;
	struct proxies proxies;
	struct binds binds;
	struct takeover takeover;
	struct confine confine;
	struct notify notify;
	struct pidfile pidfile;
	struct worker_thread *workers;
	uint32_t worker_count, workers_running;
	struct name_watch *name_watch;
	struct probe_set *probes;
	struct admin_host admin_host;
	struct admin **admins;
	struct list admin_jobs;
	uint32_t admin_count;
	struct stat_sampler sampler;
	struct timer sample_timer, deadline_timer, memory_timer;
	ev_signal signals[6];
	uint64_t started_us, started_wall_us;
	uint64_t rated_us, rated_cpu_us; /* of the last second's rates */
	struct sampled_rate connections;
	uint32_t idle_percent;
	uint32_t descriptor_limit;
	struct limits limits;
	struct limits_watch limits_watch;
	struct memory_watch memory;
	bool stopping, killed;
	char node[256];
};

/* ---- what others ask of app ---- */

static void app_on_backend_said(void *context, enum log_level level, const char *line)
{
	struct app *app = context;
	log_write(app->ring, level, "%s", line);
}

static uint64_t app_sum(const struct app *app, enum counter id)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i < app->proxies.frontend_count; i++)
		sum += counter_set_sum(&app->proxies.frontends[i]->counters, id);
	return sum;
}

static uint32_t app_listeners(const struct app *app)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < app->binds.count; i++)
		n += !atomic_load_explicit(&app->binds.at[i].frontend->shut, memory_order_relaxed);
	return n;
}

static void app_process_info(void *context, struct process_info *out)
{
	const struct app *app = context;
	const struct limits *limits = &app->limits;
	uint64_t waits = atomic_load_explicit(&limits->sessions.waits, memory_order_relaxed);
	uint32_t sessions = 0;
	for (uint32_t i = 0; i < app->proxies.frontend_count; i++)
		sessions += atomic_load_explicit(&app->proxies.frontends[i]->sessions, memory_order_relaxed);
	for (uint32_t i = 0; i < app->proxies.frontend_count; i++)
		waits += atomic_load_explicit(&app->proxies.frontends[i]->places.waits, memory_order_relaxed);
	*out = (struct process_info){
		.node = app->node,
		.threads = app->worker_count,
		.started_wall_us = app->started_wall_us,
		.uptime_us = clock_monotonic_us() - app->started_us,
		.maxconn = places_most(&limits->sessions),
		.hard_maxconn = limits->sessions_hard,
		.max_sockets = limits->reserve + 2 * limits->sessions_hard,
		.descriptor_limit = app->descriptor_limit,
		.limit_waits = waits,
		.descriptor_shortages = atomic_load_explicit(&limits->shortages, memory_order_relaxed),
		.memory_limit = app->memory.limit,
		.memory_used = memory_used(&app->memory),
		.memory_refused = atomic_load_explicit(&limits->memory_refused, memory_order_relaxed),
		.memory_closed = atomic_load_explicit(&limits->memory_closed, memory_order_relaxed),
		.connections = sessions,
		.connections_total = app_sum(app, COUNTER_SESSIONS),
		.requests_total = app_sum(app, COUNTER_REQUESTS),
		.bytes_out_total = app_sum(app, COUNTER_BYTES_OUT),
		.connection_rate = app->connections.per_second,
		.connection_rate_max = app->connections.max,
		.listeners = app_listeners(app),
		.idle_percent = app->idle_percent,
		.log_dropped = log_dropped(app->log),
		.generation = 1,
		.stopping = app->stopping,
	};
}

static struct worker *app_worker(void *context, uint32_t index)
{
	struct app *app = context;
	return app->workers[index].over ? NULL : &app->workers[index].worker;
}

static void app_on_frontend_changed(void *context)
{
	struct app *app = context;
	for (uint32_t i = 0; i < app->worker_count; i++)
		worker_thread_update_listeners(&app->workers[i]);
}

static void app_make_room(struct worker *w)
{
	struct app *app = w->limits->context;
	worker_thread_close_idle(&app->workers[w->index]);
	for (uint32_t i = 0; i < app->worker_count; i++)
		if (i != w->index)
			worker_thread_make_room(&app->workers[i]);
}

/* Of this frontend; NULL: of all. */
static void app_close_idle_session(struct worker *w, struct frontend *only)
{
	struct app *app = w->limits->context;
	struct idle_sessions *oldest = NULL;
	uint64_t oldest_us = w->loop.now_us - IDLE_SESSIONS_YOUNG_US + 1;
	uint32_t owner = 0;
	for (uint32_t i = 0; i < app->proxies.frontend_count; i++)
		for (uint32_t k = 0; k < app->worker_count; k++) {
			struct frontend *f = app->proxies.frontends[i];
			uint64_t since_us = atomic_load_explicit(&f->idle[k].since_us, memory_order_relaxed);
			if (since_us >= oldest_us || (only && f != only))
				continue;
			oldest_us = since_us;
			oldest = &f->idle[k];
			owner = k;
		}
	if (!oldest)
		return;
	atomic_fetch_add(&oldest->wanted, 1);
	worker_thread_close_idle_sessions(&app->workers[owner]);
}

/* ---- once a tenth of a second ---- */

static uint64_t app_cpu_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static void app_rate(struct app *app, uint64_t now_us)
{
	uint64_t elapsed = now_us - app->rated_us;
	if (elapsed < 1000000)
		return;
	uint64_t cpu = app_cpu_us(), total = app_sum(app, COUNTER_SESSIONS);
	uint64_t used = (cpu - app->rated_cpu_us) * 100 / (elapsed * app->worker_count);
	app->idle_percent = used < 100 ? 100 - (uint32_t)used : 0;
	app->connections.per_second = (uint32_t)((total - app->connections.last) * 1000000 / elapsed);
	if (app->connections.per_second > app->connections.max)
		app->connections.max = app->connections.per_second;
	app->connections.last = total;
	app->rated_us = now_us;
	app->rated_cpu_us = cpu;
}

static void app_on_sample(struct timer *timer)
{
	struct app *app = timer->loop->owner;
	stat_sampler_run(&app->sampler, &app->proxies, STAT_SAMPLER_SLICE, app->loop.now_us);
	app_rate(app, app->loop.now_us);
	limits_watch_run(&app->limits_watch, &app->limits, &app->proxies, app->ring, app->loop.now_us);
	(void)reclaimer_poll(&app->reclaimer);
}

static void app_on_memory(struct timer *timer)
{
	struct app *app = timer->loop->owner;
	if (!memory_look(&app->memory, &app->limits, app->worker_count, app->ring, app->loop.now_us))
		return;
	for (uint32_t i = 0; i < app->worker_count; i++)
		worker_thread_relieve(&app->workers[i]);
}

/* ---- the end ---- */

static void app_kill(struct app *app, const char *why)
{
	if (app->killed)
		return;
	app->killed = true;
	log_write(app->ring, LOG_LEVEL_WARNING, "%s: ending what is still open.", why);
	for (uint32_t i = 0; i < app->worker_count; i++)
		worker_thread_kill(&app->workers[i]);
}

static void app_on_deadline(struct timer *timer)
{
	app_kill(timer->loop->owner, "shutdown_timeout is over");
}

static void app_stop(struct app *app, bool with_deadline)
{
	if (app->stopping) {
		app_kill(app, "told to stop again");
		return;
	}
	app->stopping = true;
	notify_manager(&app->notify, "STOPPING=1");
	log_write(
		app->ring, LOG_LEVEL_NOTICE, "Stopping: requests in flight are finished, no new connection is taken.");
	uint64_t deadline = app->config->global.shutdown_timeout;
	if (with_deadline && deadline)
		timer_start(&app->deadline_timer, deadline, 0);
	for (uint32_t i = 0; i < app->worker_count; i++)
		worker_thread_stop(&app->workers[i]);
}

static void app_on_stop_asked(void *context)
{
	app_stop(context, true);
}

static void app_on_worker_ended(struct mail *mail, void *owner)
{
	struct app *app = owner;
	struct worker_thread *t =
		(struct worker_thread *)(void *)((char *)mail - offsetof(struct worker_thread, ended_mail));
	t->over = true;
	admin_worker_ended(&app->admin_host, t->worker.index);
	if (--app->workers_running == 0)
		loop_stop(&app->loop);
}

static void app_on_signal(struct ev_loop *ev, ev_signal *w, int revents)
{
	struct app *app = w->data;
	switch (w->signum) {
	case SIGTERM:
	case SIGINT:
		app_stop(app, true);
		break;
	case SIGUSR1:
		app_stop(app, false);
		break;
	default:
		log_write(app->ring, LOG_LEVEL_WARNING,
			"Log files are opened anew. This version cannot reload: restart it to change the "
			"configuration.");
		log_reopen(app->log);
		break;
	}
}

/* ---- the start ---- */

static bool app_failed(const char *error)
{
	fprintf(stderr, "lbd: %s\n", error);
	return false;
}

/* What the configuration asks for cannot be had: the message begins with the place in the file. */
static bool app_refused(const char *error)
{
	fprintf(stderr, "%s\n", error);
	return false;
}

static uint32_t app_worker_count(const struct config *config)
{
	if (config->global.threads)
		return config->global.threads;
	return cpus_usable("/proc/self/cgroup", "/sys/fs/cgroup");
}

/* As the user that the process becomes. What only root may open, in directories of root alone, is opened as root: it
 * serves until its first rotation, and that is said. */
static struct log_sink *app_open_sink(struct app *app, const char *target, char *why, size_t size)
{
	struct log_sink *sink = log_open_sink(app->log, target, why, size);
	if (sink || !app->confine.lowered || target[0] != '/' || !confine_raise(&app->confine))
		return sink;
	if (safe_path_of_root(target))
		sink = log_open_sink(app->log, target, why, size);
	if (sink)
		log_write(app->ring, LOG_LEVEL_WARNING,
			"Log target %s is open because lbd was started as root; %s cannot open it anew, so after a "
			"rotation lines go on into the old file. Give that user its directory, or the file.",
			target, app->confine.name);
	return confine_lower(&app->confine) ? sink : NULL;
}

static bool app_open_log(struct app *app)
{
	char why[APP_ERROR];
	const struct config_log *conf = &app->config->global.log;
	app->log = log_create();
	if (!app->log)
		return app_failed("memory is out");
	app->ring = log_add_ring(app->log, APP_CONTROL_RING);
	struct log_sink *sink = app_open_sink(app, conf->target, why, sizeof why);
	if (!sink) {
		char line[APP_ERROR * 2];
		const char *file = conf->line ? conf->file : app->config->file;
		config_write_error(line, sizeof line, file, conf->line, "global.log.target: %s", why);
		return app_refused(line);
	}
	if (!app->ring)
		return app_failed("memory is out");
	log_set_process_sink(app->log, sink, conf->level);
	return true;
}

static bool app_open_access_logs(struct app *app)
{
	for (uint32_t i = 0; i < app->config->frontend_count; i++) {
		const struct config_frontend *f = &app->config->frontends[i];
		char why[APP_ERROR], line[APP_ERROR * 2];
		if (f->access_log.format == CONFIG_ACCESS_LOG_OFF ||
			app_open_sink(app, f->access_log.target, why, sizeof why))
			continue;
		config_write_error(line, sizeof line, f->access_log.file, f->access_log.line,
			"access_log of frontend '%s': %s", f->name, why);
		return app_refused(line);
	}
	return true;
}

static bool app_open_logs(struct app *app)
{
	/* Only the first look at the time reads the zone's file. */
	tzset();
	if (!confine_lower(&app->confine))
		return app_failed("cannot become global.user");
	bool good = app_open_log(app) && app_open_access_logs(app);
	return confine_raise(&app->confine) && good;
}

static bool app_make_objects(struct app *app, const struct arguments *arguments)
{
	char error[APP_ERROR] = "lbd: memory is out";
	size_t readers = sizeof *app->readers * app->worker_count;
	app->readers = aligned_alloc(LBD_CACHE_LINE, readers);
	if (!app->readers)
		return app_refused(error);
	memset(app->readers, 0, readers);
	if (!reclaimer_init(&app->reclaimer, app->readers, app->worker_count))
		return app_refused(error);
	app->host = (struct backend_host){.loop = &app->loop,
		.reclaimer = &app->reclaimer,
		.workers = app->worker_count,
		.seed = clock_wall_us(),
		.names = app->names,
		.events = {.context = app, .said = app_on_backend_said}};
	app->loader = build_loader(app->config, arguments->plugin_dirs, arguments->plugin_dir_count);
	if (!app->loader ||
		!build_proxies(&app->proxies, app->config, &app->host, app->loader, app->log, error, sizeof error))
		return app_refused(error);
	if (!binds_resolve(&app->binds, &app->proxies, app->config, app->names, app->worker_count, &app->takeover, error,
		    sizeof error))
		return app_refused(error);
	app->host.names = app->names = NULL;
	return true;
}

/* Root no more: names and files that need it are looked up. */
static bool app_drop(struct app *app)
{
	char error[APP_ERROR];
	const struct confine *c = &app->confine;
	if (!confine_drop(&app->confine, error, sizeof error))
		return app_refused(error);
	if (c->jail[0])
		log_enter(app->log, confine_jail_length(c->jail));
	return true;
}

static bool app_open_binds(struct app *app)
{
	char error[APP_ERROR];
	return binds_open(&app->binds, &app->takeover, error, sizeof error) || app_refused(error);
}

static bool app_prepare_pidfile(struct app *app, const char *path)
{
	const char *jail = app->confine.jail, *inside = path && jail[0] ? confine_inside(jail, path) : path;
	if (path && !inside)
		fprintf(stderr, "lbd: the pidfile %s is outside of global.chroot %s, where it cannot be removed\n", path,
			jail);
	return path == NULL || (inside && pidfile_prepare(&app->pidfile, inside, takeover_is_asked(&app->takeover)));
}

static bool app_make_workers(struct app *app)
{
	size_t align = _Alignof(struct worker_thread), bytes = sizeof *app->workers * app->worker_count;
	app->workers =
		aligned_alloc(align < sizeof(void *) ? sizeof(void *) : align, (bytes + align - 1) / align * align);
	if (!app->workers)
		return app_failed("memory is out");
	memset(app->workers, 0, bytes);
	for (uint32_t i = 0; i < app->worker_count; i++) {
		struct worker_thread *t = &app->workers[i];
		int *fds = app->binds.fds + i * app->binds.most;
		t->proxies = &app->proxies;
		t->control = &app->loop;
		t->ended = app_on_worker_ended;
		t->sandbox = app->confine.sandbox != CONFIG_SANDBOX_OFF;
		t->worker.limits = &app->limits;
		t->worker.log = log_add_ring(app->log, APP_WORKER_RING);
		if (!t->worker.log || !worker_thread_init(t, i, &app->readers[i], (int)app->descriptor_limit,
					      app->binds.at, fds, app->binds.count))
			return app_failed("memory or descriptors are out");
		for (uint32_t k = 0; k < app->binds.count; k++)
			fds[k] = -1;
	}
	return true;
}

static bool app_refuse_socket(const struct config_stats_socket *conf, const char *error)
{
	char line[APP_ERROR * 2];
	config_write_error(line, sizeof line, conf->file, conf->line, "stats socket %s: %s", conf->path, error);
	return app_refused(line);
}

static bool app_open_admin(struct app *app)
{
	const struct config_global *conf = &app->config->global;
	app->admin_host = (struct admin_host){.loop = &app->loop,
		.proxies = &app->proxies,
		.limits = &app->limits,
		.log = app->ring,
		.context = app,
		.process_info = app_process_info,
		.frontend_changed = app_on_frontend_changed,
		.stop = app_on_stop_asked,
		.replaces = takeover_process(&app->takeover),
		.worker = app_worker,
		.worker_count = app->worker_count,
		.jobs = &app->admin_jobs};
	list_init(&app->admin_jobs);
	app->admins = calloc(conf->stats_socket_count + 1, sizeof(struct admin *));
	if (!app->admins)
		return app_failed("memory is out");
	for (uint32_t i = 0; i < conf->stats_socket_count; i++) {
		char error[APP_ERROR];
		struct admin *admin = admin_open(&app->admin_host, &conf->stats_sockets[i], error, sizeof error);
		if (!admin)
			return app_refuse_socket(&conf->stats_sockets[i], error);
		app->admins[app->admin_count++] = admin;
	}
	return true;
}

/* What the user that the process became must be able to make, and to remove at the end. */
static bool app_make_files(struct app *app, const char *pidfile)
{
	errno = 0;
	if (app_open_binds(app) && app_open_admin(app) && app_prepare_pidfile(app, pidfile))
		return confine_settle(&app->confine) || app_failed("capabilities cannot be given up");
	if (app->confine.changes && (errno == EACCES || errno == EPERM))
		fprintf(stderr,
			"lbd: sockets and the pidfile are made and removed as %s (global.user), who must be able to "
			"write their directories: chown them, or use one of its own\n",
			app->confine.name);
	return false;
}

/* All that can be refused was done: what clients and tools see changes from here on. */
static bool app_go_public(struct app *app)
{
	char error[APP_ERROR];
	if (!binds_listen(&app->binds, &app->takeover, error, sizeof error))
		return app_refused(error);
	for (uint32_t i = 0; i < app->admin_count; i++)
		if (!admin_publish(app->admins[i], error, sizeof error))
			return app_refuse_socket(&app->config->global.stats_sockets[i], error);
	return true;
}

static void app_watch_signals(struct app *app)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGUSR1, SIGHUP, SIGUSR2};
	/* A terminal with tostop set, or a script made for HAProxy, would stop the whole process. */
	signal(SIGTTOU, SIG_IGN);
	signal(SIGTTIN, SIG_IGN);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		ev_signal_init(&app->signals[i], app_on_signal, numbers[i]);
		app->signals[i].data = app;
		ev_signal_start(app->loop.ev, &app->signals[i]);
	}
}

static bool app_start_traffic(struct app *app)
{
	char error[APP_ERROR];
	app->limits_watch.frontends = calloc(app->proxies.frontend_count + 1, sizeof(struct limit_watch));
	if (!app->limits_watch.frontends)
		return app_failed("memory is out");
	limits_init(&app->limits, app->config, app->descriptor_limit, app->worker_count, app->ring);
	app->limits.make_room = app_make_room;
	app->limits.close_idle = app_close_idle_session;
	app->limits.context = app;
	if (!memory_open(&app->memory, app->config->global.memory, error, sizeof error))
		return app_failed(error);
	if (app->memory.limit) {
		(void)memory_look(&app->memory, &app->limits, app->worker_count, app->ring, app->loop.now_us);
		timer_start(&app->memory_timer, MEMORY_LOOK_US, MEMORY_LOOK_US);
		for (uint32_t i = 0; i < app->worker_count; i++)
			app->workers[i].worker.loop.budget = &app->limits.budget;
	}
	if (!log_start(app->log, confine_log_writer))
		return app_failed("the log's thread cannot be started");
	for (uint32_t i = 0; i < app->worker_count; i++) {
		if (!worker_thread_start(&app->workers[i]))
			return app_failed("a worker's thread cannot be started");
		app->workers_running++;
		if (!confine_worker_began(&app->confine, app->workers[i].holds))
			return app_failed("global.sandbox is \"required\", but the kernel refuses it to a worker");
	}
	app->name_watch = name_watch_start(&app->host, app->proxies.backends, app->proxies.backend_count);
	if (!app->name_watch)
		return app_failed("memory is out");
	app->probes =
		probe_set_start(&app->host, app->proxies.backends, app->proxies.backend_count, error, sizeof error);
	if (!app->probes)
		return app_failed(error);
	return true;
}

static bool app_start(struct app *app, const struct arguments *arguments)
{
	app->descriptor_limit = limits_raise_descriptors();
	app->worker_count = app_worker_count(app->config);
	app->started_us = app->rated_us = clock_monotonic_us();
	app->started_wall_us = clock_wall_us();
	app->idle_percent = 100;
	if (gethostname(app->node, sizeof app->node - 1) < 0 || !app->node[0])
		memcpy(app->node, "localhost", sizeof "localhost");
	if (!loop_init(&app->loop, app, NULL, (int)app->descriptor_limit))
		return app_failed("the event loop cannot be made");
	timer_init(&app->sample_timer, &app->loop, app_on_sample);
	timer_init(&app->deadline_timer, &app->loop, app_on_deadline);
	timer_init(&app->memory_timer, &app->loop, app_on_memory);
	char error[APP_ERROR];
	signal(SIGPIPE, SIG_IGN);
	if (!takeover_begin(&app->takeover, arguments->takeover, error, sizeof error))
		return app_failed(error);
	if (!confine_begin(&app->confine, app->config, error, sizeof error))
		return app_refused(error);
	notify_begin(&app->notify);
	if (!app_open_logs(app) || !confine_enter_paths(app->config) || !app_make_objects(app, arguments) ||
		!app_drop(app) || !app_make_files(app, arguments->pidfile))
		return false;
	app_watch_signals(app);
	if (!app_go_public(app) || !app_make_workers(app) || !app_start_traffic(app) ||
		!pidfile_publish(&app->pidfile))
		return false;
	timer_start(&app->sample_timer, STAT_SAMPLER_INTERVAL_US, STAT_SAMPLER_INTERVAL_US);
	return true;
}

/* In the order that nothing is used after its end: traffic, what talks about it, the objects, what they hang on. */
static void app_end(struct app *app)
{
	/* A start that failed half-way: those threads that run are told to end and are waited for. */
	for (uint32_t i = 0; app->workers && i < app->worker_count; i++)
		if (app->workers[i].started && app->workers_running)
			worker_thread_stop(&app->workers[i]);
	for (uint32_t i = 0; app->workers && i < app->worker_count; i++)
		worker_thread_join(&app->workers[i]);
	for (uint32_t i = 0; app->workers && i < app->worker_count; i++)
		worker_thread_end(&app->workers[i]);
	name_watch_stop(app->name_watch);
	if (app->probes)
		probe_set_stop(app->probes);
	for (uint32_t i = 0; i < app->admin_count; i++)
		admin_close(app->admins[i]);
	free(app->admins);
	admin_end_jobs(&app->admin_host);
	binds_close(&app->binds);
	build_free_proxies(&app->proxies);
	limits_end(&app->limits);
	memory_close(&app->memory);
	free(app->limits_watch.frontends);
	if (app->reclaimer.mark)
		reclaimer_end(&app->reclaimer);
	if (app->loader)
		algorithm_loader_destroy(app->loader);
	if (app->log)
		log_stop(app->log);
	loop_end(&app->loop);
	takeover_end(&app->takeover);
	pidfile_end(&app->pidfile);
	notify_end(&app->notify);
	confine_end(&app->confine);
	free(app->workers);
	free(app->readers);
}

static void app_say_confinement(struct app *app)
{
	struct text text = {0};
	confine_describe(&app->confine, &text);
	log_write(app->ring, LOG_LEVEL_NOTICE, "Running as %.*s.", (int)text.n, text.n ? text.data : "");
	text_free(&text);
}

static void app_say_patterns(struct app *app)
{
	const char *why = pattern_why_no_jit();
	if (why)
		log_write(app->ring, LOG_LEVEL_NOTICE, "Patterns run without JIT: %s; they cost more.", why);
}

int app_run(struct config *config, const struct arguments *arguments, struct name_table *names)
{
	struct app *app =
		aligned_alloc(LBD_CACHE_LINE, (sizeof *app + LBD_CACHE_LINE - 1) / LBD_CACHE_LINE * LBD_CACHE_LINE);
	if (!app)
		return 1;
	memset(app, 0, sizeof *app);
	app->memory.statm = -1;
	app->config = config;
	app->names = names;
	struct detach detach;
	app->pidfile.fd = app->takeover.fd = app->notify.fd = -1;
	bool started = detach_begin(&detach, arguments) && app_start(app, arguments);
	if (started) {
		log_write(app->ring, LOG_LEVEL_NOTICE, "lbd %s started with %u workers.", PACKAGE_VERSION,
			(unsigned)app->worker_count);
		app_say_confinement(app);
		app_say_patterns(app);
		takeover_finish(&app->takeover, app->ring);
		detach_ready(&detach);
		/* The terminal and pipes are given up: the log lets go of them too. */
		if (arguments->detach)
			log_reopen(app->log);
		notify_manager(&app->notify, "READY=1");
		loop_run(&app->loop);
		log_write(app->ring, LOG_LEVEL_NOTICE, "Stopped.");
	}
	app_end(app);
	free(app);
	return started ? 0 : 1;
}
