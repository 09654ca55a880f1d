#include "backend/algorithm_loader.h"

#include "backend/eligible.h"
#include "support/backend_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64];

static void make_directory(void)
{
	strcpy(directory, "/tmp/lbd-test-XXXXXX");
	cr_assert(mkdtemp(directory) != NULL);
}

static void remove_directory(void)
{
	char command[128];
	snprintf(command, sizeof command, "rm -rf %s", directory);
	cr_assert(system(command) == 0);
}

/* Copies the first n bytes of a plugin to directory/name.so. */
static void copy(const char *from, const char *name, size_t n)
{
	char path[256], *data = malloc(1 << 20);
	int fd = open(from, O_RDONLY);
	ssize_t got = read(fd, data, 1 << 20);
	cr_assert(got > 0);
	close(fd);
	snprintf(path, sizeof path, "%s/%s.so", directory, name);
	fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0755);
	n = n < (size_t)got ? n : (size_t)got;
	cr_assert(write(fd, data, n) == (ssize_t)n);
	close(fd);
	free(data);
}

Test(algorithm_loader, refusals)
{
	static const struct {
		const char *name, *words[3];
	} cases[] = {
		{"wrong_abi", {"plugin ABI 99.0", "this lbd has 1.0", "build it again"}},
		{"newer_minor", {"plugin ABI 1.1", "this lbd has 1.0", "update lbd"}},
		{"no_symbol", {"exports no symbol lbd_algorithm"}},
		{"tiny_symbol", {"no descriptor"}},
		{"short_struct", {"says it has 4096 bytes"}},
		{"other_name", {"calls itself 'another'"}},
		{"no_pick", {"must not be NULL"}},
		{"unresolved", {"lbd_nobody_has_this"}},
		{"nothing_here", {"was not found", "nothing_here.so", TEST_PLUGINS}},
		{"../../etc/x", {"is no name of an algorithm"}},
		{"", {"is no name of an algorithm"}},
		{"P2C", {"is no name of an algorithm"}},
	};
	const char *const where[] = {TEST_PLUGINS};
	struct algorithm_loader *loader = algorithm_loader_create(where, 1);
	cr_assert(loader != NULL);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char error[1024] = "";
		cr_expect(algorithm_load(loader, cases[i].name, error, sizeof error) == NULL, "%s", cases[i].name);
		for (int w = 0; w < 3 && cases[i].words[w]; w++)
			cr_expect(strstr(error, cases[i].words[w]) != NULL, "%s: '%s' not in: %s", cases[i].name,
				cases[i].words[w], error);
		cr_expect(strchr(error, '\n') == NULL, "%s", error);
	}
	algorithm_loader_destroy(loader);
}

Test(algorithm_loader, wrong_files, .init = make_directory, .fini = remove_directory)
{
	const char *const where[] = {directory};
	char path[128], error[1024];
	struct algorithm_loader *loader = algorithm_loader_create(where, 1);

	snprintf(path, sizeof path, "%s/text.so", directory);
	FILE *f = fopen(path, "w");
	fputs("#!/bin/sh\necho this is no plugin, however long its text may be, and it never will be one\n", f);
	fclose(f);
	cr_expect(algorithm_load(loader, "text", error, sizeof error) == NULL);
	cr_expect(strstr(error, "no ELF header") != NULL, "%s", error);

	snprintf(path, sizeof path, "%s/empty.so", directory);
	fclose(fopen(path, "w"));
	cr_expect(algorithm_load(loader, "empty", error, sizeof error) == NULL);
	cr_expect(strstr(error, "no ELF header") != NULL, "%s", error);

	snprintf(path, sizeof path, "%s/folder.so", directory);
	mkdir(path, 0755);
	cr_expect(algorithm_load(loader, "folder", error, sizeof error) == NULL);
	cr_expect(strstr(error, "not a regular file") != NULL, "%s", error);

	snprintf(path, sizeof path, "%s/fifo.so", directory);
	cr_assert(mkfifo(path, 0755) == 0);
	cr_expect(algorithm_load(loader, "fifo", error, sizeof error) == NULL);
	cr_expect(strstr(error, "not a regular file") != NULL, "%s", error);

	/* Cut off anywhere: an error, never a crash of the dynamic linker. */
	for (size_t n = 16; n < 12000; n += 1511) {
		char name[32];
		snprintf(name, sizeof name, "cut_%zu", n);
		copy(TEST_ALGORITHMS "/smooth_wrr.so", name, n);
		cr_expect(algorithm_load(loader, name, error, sizeof error) == NULL, "%zu", n);
		cr_expect(strstr(error, "cut off") || strstr(error, "no ELF header"), "%zu: %s", n, error);
	}

	copy("/proc/self/exe", "program", 1 << 20);
	cr_expect(algorithm_load(loader, "program", error, sizeof error) == NULL);
	algorithm_loader_destroy(loader);
}

Test(algorithm_loader, the_first_directory_wins_and_the_list_says_so, .init = make_directory, .fini = remove_directory)
{
	const char *const where[] = {directory, TEST_ALGORITHMS};
	char error[1024], path[128];
	copy(TEST_ALGORITHMS "/p2c.so", "p2c", 1 << 20);
	snprintf(path, sizeof path, "%s/broken.so", directory);
	fclose(fopen(path, "w"));
	struct algorithm_loader *loader = algorithm_loader_create(where, 2);
	const struct algorithm *a = algorithm_load(loader, "p2c", error, sizeof error);
	cr_assert(a != NULL, "%s", error);
	snprintf(path, sizeof path, "%s/p2c.so", directory);
	cr_expect_str_eq(a->path, path);
	cr_expect(algorithm_load(loader, "p2c", error, sizeof error) == a);

	struct text list = {0};
	algorithm_list(loader, &list);
	text_add_char(&list, '\0');
	cr_expect(strstr(list.data, "\nround_robin\t") != NULL, "%s", list.data);
	char hidden[256];
	snprintf(hidden, sizeof hidden, "p2c\trefused: %s comes first\t-\t%s/p2c.so\n", path, TEST_ALGORITHMS);
	cr_expect(strstr(list.data, hidden) != NULL, "%s", list.data);
	cr_expect(strstr(list.data, "broken\trefused: ") != NULL, "%s", list.data);
	text_free(&list);
	algorithm_loader_destroy(loader);
}

Test(algorithm_loader, list_shows_options)
{
	const char *const where[] = {TEST_PLUGINS};
	struct algorithm_loader *loader = algorithm_loader_create(where, 1);
	struct text list = {0};
	algorithm_list(loader, &list);
	text_add_char(&list, '\0');
	cr_expect(strstr(list.data, "points=160 (1..1000, how many points), step=-2 (-5..5, how far)") != NULL, "%s",
		list.data);
	text_free(&list);
	algorithm_loader_destroy(loader);
}

/* The command of the guide, outside of the tree; then real picks. */
Test(algorithm_loader, the_example_builds_and_works, .init = make_directory, .fini = remove_directory)
{
	const char *const where[] = {directory};
	char command[1024], error[1024];
	snprintf(command, sizeof command,
		"%s -std=c11 -O2 -fPIC -shared -fvisibility=hidden -Wall -Wextra -Wno-unused-parameter -Werror -I%s -o "
		"%s/spill.so "
		"%s/algorithm/spill.c",
		TEST_CC, TEST_INCLUDE, directory, TEST_EXAMPLES);
	cr_assert(eq(int, system(command), 0));

	struct backend_fixture f;
	backend_fixture_init(&f, 3, NULL);
	struct algorithm_loader *loader = algorithm_loader_create(where, 1);
	const struct algorithm *a = algorithm_load(loader, "spill", error, sizeof error);
	cr_assert(a != NULL, "%s", error);
	cr_assert(backend_fixture_start(&f, "p2c", 1));
	struct backend *b = backend_create(&f.host, &f.conf, 2, a, error, sizeof error);
	cr_assert(b != NULL, "%s", error);
	char order[16] = "";
	for (int i = 0; i < 15; i++) {
		struct pick_request request = {.now_us = 1};
		struct server *s = backend_pick(b, &request);
		cr_assert(s != NULL);
		order[i] = (char)('A' + s->index);
	}
	cr_expect_str_eq(order, "AAAABBBBCCCCABC");
	backend_destroy(b);
	backend_fixture_end(&f);
	algorithm_loader_destroy(loader);
}
