/* Where an option has no effect, by its column `effect`. Pure; any thread. */
#ifndef LBD_CONFIG_EFFECT_H
#define LBD_CONFIG_EFFECT_H

#include "config/options.h"

enum config_idle {
	CONFIG_IDLE_NO, /* it has an effect */
	CONFIG_IDLE_MODE,
	CONFIG_IDLE_NO_UNIX,
	CONFIG_IDLE_IN_FRONTEND,
	CONFIG_IDLE_IN_BACKEND,
	CONFIG_IDLE_CHECK_NOT_HTTP,
	CONFIG_IDLE_CHECK_NOT_TCP
};

/* Whether and why an option of this effect has none in this object: a struct config_frontend when group is
 * CONFIG_GROUP_FRONTEND, a struct config_backend when it is CONFIG_GROUP_BACKEND; elsewhere all have an effect. */
enum config_idle config_effect_idle(enum config_effect effect, enum config_group group, const void *object);

#endif
