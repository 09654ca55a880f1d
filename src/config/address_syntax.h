/* What an address of the configuration may look like. Resolving is net's. Pure. */
#ifndef LBD_CONFIG_ADDRESS_SYNTAX_H
#define LBD_CONFIG_ADDRESS_SYNTAX_H

#include "config/config.h"

/* HOST:PORT, [V6]:PORT, unix:/path, and for listeners *:PORT and port 0. NULL: fine; else what is wrong. */
const char *config_address_problem(const char *text, bool listener);
/* 192.0.2.0/24, 2001:db8::/32, or an address alone. NULL: fine; else what is wrong. */
const char *config_network_parse(const char *text, struct config_network *out);

#endif
