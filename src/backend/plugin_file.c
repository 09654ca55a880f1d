#include "backend/plugin_file.h"

#include <errno.h>
#include <fcntl.h>
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

const char *plugin_file_refusal(const char *path, char *out, size_t out_size)
{
	struct stat st;
	ElfW(Ehdr) header;
	/* O_NONBLOCK: a FIFO would be waited for. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) != 0) {
		snprintf(out, out_size, "it cannot be opened: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return out;
	}
	const char *why = "it is not a regular file";
	if (S_ISREG(st.st_mode)) {
		why = plugin_header_refusal(&header, pread(fd, &header, sizeof header, 0));
		if (!why && !plugin_is_whole(fd, &header, (uint64_t)st.st_size))
			why = "the file is damaged or was cut off";
	}
	close(fd);
	return why;
}
