#include "config.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/source.h"

static char source_dir[] = "/tmp/lbd-source-XXXXXX";

static void source_setup(void)
{
	cr_assert_not_null(mkdtemp(source_dir));
	cr_assert_eq(chdir(source_dir), 0);
	cr_assert_eq(mkfifo("fifo", 0600), 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	fd = open("large", O_CREAT | O_WRONLY, 0600);
	cr_assert_eq(ftruncate(fd, CONFIG_SOURCE_MAX + 1), 0);
	close(fd);
	fd = open("largest", O_CREAT | O_WRONLY, 0600);
	cr_assert_eq(ftruncate(fd, CONFIG_SOURCE_MAX), 0);
	close(fd);
	cr_assert_eq(symlink("loop", "loop"), 0);
}

static void source_cleanup(void)
{
	const char *const names[] = {"fifo", "socket", "large", "largest", "loop"};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlink(names[i]);
	cr_expect_eq(rmdir(source_dir), 0);
}

Test(source, refuses_what_is_no_regular_file, .init = source_setup, .fini = source_cleanup, .timeout = 10)
{
	static const struct {
		const char *path, *error;
	} cases[] = {
		{".", "is a directory; a regular file is needed"},
		{"fifo", "is a FIFO; a regular file is needed"},
		{"socket", "cannot be opened: No such device or address"},
		{"/dev/zero", "is a device; a regular file is needed"},
		{"/dev/null", "is a device; a regular file is needed"},
		{"nowhere", "cannot be opened: No such file or directory"},
		{"nowhere/at/all", "cannot be opened: No such file or directory"},
		{"", "cannot be opened: No such file or directory"},
		{"loop", "cannot be opened: Too many levels of symbolic links"},
		{"large", "is larger than 16 MiB; split it or check the path"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct config_source source;
		char error[200] = "";
		cr_expect_not(config_source_read(cases[i].path, &source, error, sizeof(error)), "%s", cases[i].path);
		cr_expect_str_eq(error, cases[i].error, "%s: %s", cases[i].path, error);
		cr_expect_null(source.data);
	}
}

Test(source, reads_to_the_end, .init = source_setup, .fini = source_cleanup)
{
	struct config_source source;
	char error[200];
	cr_assert(config_source_read("largest", &source, error, sizeof(error)));
	cr_expect_eq(source.n, CONFIG_SOURCE_MAX);
	config_source_free(&source);
	/* Its size is 0, as fstat has it. */
	cr_assert(config_source_read("/proc/self/status", &source, error, sizeof(error)));
	cr_expect_gt(source.n, 100);
	config_source_free(&source);
}
