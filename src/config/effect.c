#include "config.h"

#include "config/effect.h"

#include "base/str.h"

static bool effect_has_unix(const struct config_frontend *f)
{
	for (uint32_t i = 0; i < f->bind_count; i++)
		if (f->bind[i].text && str_starts_with(str_of(f->bind[i].text), str_of("unix:")))
			return true;
	return false;
}

static enum config_idle effect_in_frontend(enum config_effect effect, const struct config_frontend *f)
{
	const struct config_source_limits *source = &f->limits.source;
	bool tcp = f->mode == CONFIG_MODE_TCP;
	switch (effect) {
	case CONFIG_EFFECT_HTTP:
	case CONFIG_EFFECT_FRONTEND_HTTP:
		return tcp ? CONFIG_IDLE_MODE : CONFIG_IDLE_NO;
	case CONFIG_EFFECT_HTTP_OR_SOURCE:
		return tcp && !source->connections && !source->connection_rate ? CONFIG_IDLE_MODE : CONFIG_IDLE_NO;
	case CONFIG_EFFECT_UNIX:
		return effect_has_unix(f) ? CONFIG_IDLE_NO : CONFIG_IDLE_NO_UNIX;
	case CONFIG_EFFECT_BACKEND:
		return CONFIG_IDLE_IN_FRONTEND;
	default:
		return CONFIG_IDLE_NO;
	}
}

static enum config_idle effect_in_backend(enum config_effect effect, const struct config_backend *b)
{
	switch (effect) {
	case CONFIG_EFFECT_HTTP:
		return b->mode == CONFIG_MODE_TCP ? CONFIG_IDLE_MODE : CONFIG_IDLE_NO;
	case CONFIG_EFFECT_FRONTEND:
	case CONFIG_EFFECT_FRONTEND_HTTP:
		return CONFIG_IDLE_IN_BACKEND;
	case CONFIG_EFFECT_CHECK_HTTP:
		return b->check.type == CONFIG_CHECK_HTTP ? CONFIG_IDLE_NO : CONFIG_IDLE_CHECK_NOT_HTTP;
	case CONFIG_EFFECT_CHECK_TCP:
		return b->check.type == CONFIG_CHECK_TCP ? CONFIG_IDLE_NO : CONFIG_IDLE_CHECK_NOT_TCP;
	default:
		return CONFIG_IDLE_NO;
	}
}

enum config_idle config_effect_idle(enum config_effect effect, enum config_group group, const void *object)
{
	if (group == CONFIG_GROUP_FRONTEND)
		return effect_in_frontend(effect, object);
	return group == CONFIG_GROUP_BACKEND ? effect_in_backend(effect, object) : CONFIG_IDLE_NO;
}
