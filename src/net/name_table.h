/* What the texts of a configuration stand for, looked up once for all who ask, before there are threads: the check, the
 * start, each of many servers at one name. */
#ifndef LBD_NET_NAME_TABLE_H
#define LBD_NET_NAME_TABLE_H

#include "net/address.h"

struct name_table;

/* NULL when memory is out. */
struct name_table *name_table_create(void) LBD_MUST_CHECK;
/* May be NULL. */
void name_table_free(struct name_table *names);
/* As address_list_resolve, and blocks for seconds in all at most, whatever the resolver does: then names are not asked for
 * any more. names may be NULL: nothing is remembered. */
struct address_list *name_table_resolve(
	struct name_table *names, const char *text, char *error, size_t error_size) LBD_MUST_CHECK;

#endif
