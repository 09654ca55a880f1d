/* An open hash table over the bytes of the names. */
#include "config.h"

#include "config/names.h"

#include <stdlib.h>

static uint64_t names_hash(uint32_t group, struct str name)
{
	uint64_t h = 0xcbf29ce484222325u ^ group; /* FNV-1a */
	for (size_t i = 0; i < name.n; i++)
		h = (h ^ (unsigned char)name.p[i]) * 0x100000001b3u;
	return (h ^ h >> 29) * 0xbf58476d1ce4e5b9u >> 16;
}

static struct config_name *names_slot(const struct config_names *n, uint32_t group, struct str name)
{
	for (uint64_t i = names_hash(group, name);; i++) {
		struct config_name *slot = &n->slots[i & (n->capacity - 1)];
		struct str known = str_make(n->bytes.data + slot->offset, slot->length);
		if (slot->group == 0 || (slot->group == group && str_equal(known, name)))
			return slot;
	}
}

static bool names_grow(struct config_names *n)
{
	struct config_names larger = {n->bytes, NULL, n->count, n->capacity ? n->capacity * 2 : 512};
	larger.slots = calloc(larger.capacity, sizeof(*larger.slots));
	if (!larger.slots)
		return false;
	for (uint32_t i = 0; i < n->capacity; i++) {
		const struct config_name *old = &n->slots[i];
		struct str name = str_make(n->bytes.data + old->offset, old->length);
		if (old->group)
			*names_slot(&larger, old->group, name) = *old;
	}
	free(n->slots);
	*n = larger;
	return true;
}

const struct config_name *config_names_add(struct config_names *n, uint32_t group, struct str name, uint32_t line)
{
	if (n->bytes.n == 0)
		text_add_char(&n->bytes, '\0');
	if ((n->count + 1) * 2 > n->capacity && !names_grow(n))
		return NULL;
	if (n->bytes.failed)
		return NULL;
	struct config_name *slot = names_slot(n, group, name);
	if (slot->group)
		return slot;
	size_t offset = n->bytes.n;
	text_add(&n->bytes, name);
	text_add_char(&n->bytes, '\0');
	if (n->bytes.failed)
		return NULL;
	*slot = (struct config_name){group, line, (uint32_t)name.n, offset};
	n->count++;
	return slot;
}

void config_names_free(struct config_names *n)
{
	text_free(&n->bytes);
	free(n->slots);
	*n = (struct config_names){0};
}
