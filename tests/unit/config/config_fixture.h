/* What the tests of the configuration share. */
#ifndef LBD_TEST_CONFIG_FIXTURE_H
#define LBD_TEST_CONFIG_FIXTURE_H

#include "base/text.h"
#include "config/config.h"
#include "config/options.h"

/* Loads text as "t.conf"; messages, ending in NUL, are appended to out. The caller frees both. */
struct config *fixture_load(const char *text, struct text *out);
/* Loads text, frees the configuration and compares all messages. */
void fixture_expect_messages(const char *text, const char *messages);
/* A configuration that is complete but for one option: "key = value;" put where the group belongs. To be freed. */
char *fixture_wrap(enum config_group group, const char *setting);
/* Frontends and backends that need nothing else, in front of which other groups can stand. */
extern const char fixture_valid[];

#endif
