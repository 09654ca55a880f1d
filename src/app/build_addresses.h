/* What a configuration says of addresses, as far as only looking them up can tell. Control, before the start. */
#ifndef LBD_APP_BUILD_ADDRESSES_H
#define LBD_APP_BUILD_ADDRESSES_H

#include "base/text.h"
#include "config/config.h"
#include "net/name_table.h"

/* Appends "FILE:LINE: error: ..." for a listening address that is unknown, or stands twice in whatever spelling, and
 * "warning: ..." for servers that begin DOWN because their name is unknown, or share an address with another one of
 * their backend. False: there is an error. Looks names up (blocks). */
bool build_check_addresses(const struct config *config, struct name_table *names, struct text *messages) LBD_MUST_CHECK;

#endif
