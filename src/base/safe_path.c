#include "config.h"

#include "base/safe_path.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The directory of a path, without symbolic links; out has PATH_MAX bytes. */
static bool safe_path_resolve(const char *path, char *out)
{
	char directory[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 1;
	if (n >= sizeof directory) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(directory, slash ? path : ".", n);
	directory[n] = '\0';
	return realpath(n ? directory : "/", out) != NULL;
}

static bool safe_path_is_ours(uid_t owner)
{
	return owner == 0 || owner == geteuid();
}

bool safe_path_directory(const char *path, char *why, size_t why_size)
{
	char directory[PATH_MAX];
	struct stat st;
	if (!safe_path_resolve(path, directory)) {
		const char *slash = strrchr(path, '/');
		snprintf(why, why_size, "directory %.*s: %s", slash ? (int)(slash - path) : 1, slash ? path : ".",
			strerror(errno));
		return false;
	}
	/* From the inside out: "/a/b", "/a", "/". */
	for (char *end = directory + strlen(directory); end; end = strrchr(directory, '/')) {
		*end = '\0';
		const char *name = directory[0] ? directory : "/";
		if (stat(name, &st) < 0) {
			snprintf(why, why_size, "directory %s: %s", name, strerror(errno));
			return false;
		}
		if ((st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX)) {
			snprintf(why, why_size,
				"everybody can write the directory %s, and so put another file in its place; take "
				"that away (chmod o-w), or make it sticky (chmod +t)",
				name);
			return false;
		}
	}
	return true;
}

bool safe_path_of_root(const char *path)
{
	char directory[PATH_MAX];
	struct stat st;
	if (!safe_path_resolve(path, directory))
		return false;
	for (char *end = directory + strlen(directory); end; end = strrchr(directory, '/')) {
		*end = '\0';
		if (stat(directory[0] ? directory : "/", &st) < 0 || st.st_uid != 0 ||
			(st.st_mode & (S_IWOTH | S_ISVTX)) == S_IWOTH || (st.st_gid != 0 && (st.st_mode & S_IWGRP)))
			return false;
	}
	return true;
}

bool safe_path_file(int fd, const char *path, char *why, size_t why_size)
{
	char directory[PATH_MAX];
	struct stat parent, st;
	if (!safe_path_resolve(path, directory) || stat(directory, &parent) < 0 || fstat(fd, &st) < 0) {
		snprintf(why, why_size, "%s", strerror(errno));
		return false;
	}
	bool shared = parent.st_mode & S_IWOTH;
	if (S_ISREG(st.st_mode) && st.st_nlink > 1 && (shared || !safe_path_is_ours(parent.st_uid))) {
		snprintf(why, why_size,
			"it has several names (hard links), and others can make them in %s; remove it first",
			directory);
		return false;
	}
	if (shared && !safe_path_is_ours(st.st_uid)) {
		snprintf(why, why_size, "it belongs to user %lu, who could make it because everybody can write %s",
			(unsigned long)st.st_uid, directory);
		return false;
	}
	return true;
}
