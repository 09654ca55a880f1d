#include "app/owner.h"

#include <ctype.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>

/* The largest number is kept for "as it is". */
static bool owner_number(const char *text, id_t *out)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);
	*out = (id_t)number;
	return isdigit((unsigned char)*text) && !*end && number < (id_t)-1;
}

static bool owner_user(const char *name, uid_t *out)
{
	const struct passwd *entry = getpwnam(name);
	*out = entry ? entry->pw_uid : (uid_t)-1;
	return entry || owner_number(name, out);
}

static bool owner_group(const char *name, gid_t *out)
{
	const struct group *entry = getgrnam(name);
	*out = entry ? entry->gr_gid : (gid_t)-1;
	return entry || owner_number(name, out);
}

bool owner_find(struct owner *o, const char *user, const char *group, char *error, size_t error_size)
{
	*o = (struct owner){(uid_t)-1, (gid_t)-1};
	if (*user && !owner_user(user, &o->user)) {
		snprintf(error, error_size, "there is no user '%s'", user);
		return false;
	}
	if (*group && !owner_group(group, &o->group)) {
		snprintf(error, error_size, "there is no group '%s'", group);
		return false;
	}
	return true;
}
