#include "net/name_table.h"

#include "base/clock.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>

/* One question more can take as long as the resolver is told to wait, by default 10 s. */
enum { NAME_TABLE_PATIENCE_US = 5000000 };

struct name {
	const char *text; /* first: compared as such */
	struct address_list *list;
	char *error; /* when there is no list */
};

struct name_table {
	void *tree;
	uint64_t spent_us;
};

static int name_table_compare(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

static void name_table_free_one(void *node)
{
	struct name *name = node;
	free(name->list);
	free(name->error);
	free((char *)(uintptr_t)name->text);
	free(name);
}

struct name_table *name_table_create(void)
{
	return calloc(1, sizeof(struct name_table));
}

void name_table_free(struct name_table *names)
{
	if (!names)
		return;
	tdestroy(names->tree, name_table_free_one);
	free(names);
}

/* NULL when memory is out. */
static struct name *name_table_ask(struct name_table *names, const char *text)
{
	char why[256] = "";
	struct name *name = calloc(1, sizeof *name);
	uint64_t began_us = clock_monotonic_us();
	if (!name)
		return NULL;
	if (names->spent_us < NAME_TABLE_PATIENCE_US)
		name->list = address_list_resolve(text, why, sizeof why);
	else
		snprintf(why, sizeof why, "'%s' was not looked up: the resolver has taken too long already", text);
	names->spent_us += clock_monotonic_us() - began_us;
	name->error = name->list ? NULL : strdup(why);
	name->text = strdup(text);
	if (!name->text || (!name->list && !name->error) || !tsearch(name, &names->tree, name_table_compare)) {
		name_table_free_one(name);
		return NULL;
	}
	return name;
}

struct address_list *name_table_resolve(struct name_table *names, const char *text, char *error, size_t error_size)
{
	if (!names || !address_is_name(text))
		return address_list_resolve(text, error, error_size);
	const struct name key = {.text = text};
	void *found = tfind(&key, &names->tree, name_table_compare);
	const struct name *name = found ? *(struct name *const *)found : name_table_ask(names, text);
	struct address_list *copy = name && name->list ? address_list_copy(name->list) : NULL;
	if (!copy)
		snprintf(error, error_size, "%s", name && name->error ? name->error : "out of memory");
	return copy;
}
