#include "backend/plugin_file.h"

#include "base/safe_path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if __SIZEOF_POINTER__ == 8
#define PLUGIN_ELF_CLASS ELFCLASS64
#else
#define PLUGIN_ELF_CLASS ELFCLASS32
#endif

enum { PLUGIN_SEGMENTS_MAX = 128 };

/* What this program itself is made for: it runs, so that is the right machine. */
static uint16_t plugin_machine(void)
{
	ElfW(Ehdr) self = {0};
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : pread(fd, &self, sizeof self, 0);
	if (fd >= 0)
		close(fd);
	return got == (ssize_t)sizeof self ? self.e_machine : EM_NONE;
}

static const char *plugin_header_refusal(const ElfW(Ehdr) * header, ssize_t got)
{
	if (got < (ssize_t)sizeof *header || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
		return "it is not a shared object (no ELF header)";
	uint16_t machine = plugin_machine();
	if (header->e_ident[EI_CLASS] != PLUGIN_ELF_CLASS || header->e_ident[EI_DATA] != ELFDATA2LSB ||
		(machine != EM_NONE && header->e_machine != machine))
		return "it was built for another machine";
	if (header->e_type != ET_DYN)
		return "it is not a shared object (build it with -shared -fPIC)";
	if (header->e_phentsize != sizeof(ElfW(Phdr)) || header->e_phnum == 0 || header->e_phnum > PLUGIN_SEGMENTS_MAX)
		return "its ELF header is damaged";
	return NULL;
}

static bool plugin_is_whole(int fd, const ElfW(Ehdr) * header, uint64_t size)
{
	for (unsigned i = 0; i < header->e_phnum; i++) {
		ElfW(Phdr) segment;
		off_t at = (off_t)(header->e_phoff + i * sizeof segment);
		if (pread(fd, &segment, sizeof segment, at) != (ssize_t)sizeof segment)
			return false;
		if (segment.p_filesz > size || segment.p_offset > size - segment.p_filesz)
			return false;
	}
	return true;
}

/* Whoever can write it can run what he likes as this process. A group is trusted when it is that of this process. */
static const char *plugin_trust_refusal(const char *what, const struct stat *st, char *out, size_t out_size)
{
	uid_t self = geteuid();
	bool group = (st->st_mode & S_IWGRP) && st->st_gid != 0 && st->st_gid != getegid();
	if (st->st_uid != 0 && st->st_uid != self)
		snprintf(out, out_size, "%s belongs to user %lu; it must belong to root%s", what,
			(unsigned long)st->st_uid, self ? " or to the user that runs lbd" : "");
	else if ((st->st_mode & S_IWOTH) || group)
		snprintf(out, out_size, "%s can be written by others; take that away (chmod go-w)", what);
	else
		return NULL;
	return out;
}

static const char *plugin_place_refusal(const char *path, char *out, size_t out_size)
{
	char directory[PATH_MAX], what[PATH_MAX + 32];
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;
	struct stat st;
	if (path[0] != '/' || n >= sizeof directory)
		return "its directory must be named by an absolute path";
	memcpy(directory, n ? path : "/", n ? n : 1);
	directory[n ? n : 1] = '\0';
	if (stat(directory, &st) < 0) {
		snprintf(out, out_size, "its directory: %s", strerror(errno));
		return out;
	}
	snprintf(what, sizeof what, "the directory %s", directory);
	const char *why = plugin_trust_refusal(what, &st, out, out_size);
	return why ? why : safe_path_directory(path, out, out_size) ? NULL : out;
}

static const char *plugin_content_refusal(int fd, char *out, size_t out_size)
{
	struct stat st;
	ElfW(Ehdr) header;
	if (fstat(fd, &st) < 0) {
		snprintf(out, out_size, "it cannot be looked at: %s", strerror(errno));
		return out;
	}
	if (!S_ISREG(st.st_mode))
		return "it is not a regular file";
	const char *why = plugin_trust_refusal("it", &st, out, out_size);
	if (!why)
		why = plugin_header_refusal(&header, pread(fd, &header, sizeof header, 0));
	return why || plugin_is_whole(fd, &header, (uint64_t)st.st_size) ? why : "the file is damaged or was cut off";
}

const char *plugin_file_open(const char *path, int *fd, char *out, size_t out_size)
{
	*fd = -1;
	const char *why = plugin_place_refusal(path, out, out_size);
	if (why)
		return why;
	/* O_NONBLOCK: a FIFO would be waited for. */
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*fd < 0) {
		snprintf(out, out_size, "it cannot be opened: %s", strerror(errno));
		return out;
	}
	why = plugin_content_refusal(*fd, out, out_size);
	if (!why)
		return NULL;
	close(*fd);
	*fd = -1;
	return why;
}
