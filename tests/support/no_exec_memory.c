/* Preloaded into the daemon: memory that was written is never executed, as below MemoryDenyWriteExecute of systemd or an
 * execmem rule of SELinux, which not every kernel can do. Files may be mapped for execution, as plugins are. */
#include <dlfcn.h>
#include <errno.h>
#include <sys/mman.h>

__attribute__((visibility("default"))) void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	union {
		void *found;
		void *(*mmap)(void *, size_t, int, int, int, off_t);
	} next = {dlsym(RTLD_NEXT, "mmap")};
	if ((protection & PROT_WRITE) && (protection & PROT_EXEC)) {
		errno = EACCES;
		return MAP_FAILED;
	}
	return next.mmap(at, size, protection, flags, fd, offset);
}

__attribute__((visibility("default"))) int mprotect(void *at, size_t size, int protection)
{
	union {
		void *found;
		int (*mprotect)(void *, size_t, int);
	} next = {dlsym(RTLD_NEXT, "mprotect")};
	if (protection & PROT_EXEC) {
		errno = EACCES;
		return -1;
	}
	return next.mprotect(at, size, protection);
}
