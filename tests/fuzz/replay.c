/* Feeds stored inputs to a fuzz target, for `make check` with any compiler. Arguments are files or directories; no
 * input at all is a failure. */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Returns the number of inputs; negative when one can not be read. */
static long replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct stat status;
	long fed = -1;
	if (!file || fstat(fileno(file), &status) != 0) {
		perror(path);
	} else {
		size_t n = (size_t)status.st_size;
		uint8_t *data = malloc(n ? n : 1);
		if (data && fread(data, 1, n, file) == n) {
			LLVMFuzzerTestOneInput(data, n);
			fed = 1;
		}
		free(data);
	}
	if (file)
		fclose(file);
	return fed;
}

static long replay_directory(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	long fed = 0, one;
	if (!directory) {
		perror(path);
		return -1;
	}
	while (fed >= 0 && (entry = readdir(directory))) {
		char file[4096];
		if (entry->d_name[0] == '.')
			continue;
		snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
		one = replay_file(file);
		fed = one < 0 ? -1 : fed + one;
	}
	closedir(directory);
	return fed;
}

int main(int argc, char **argv)
{
	long total = 0;
	for (int i = 1; i < argc; i++) {
		struct stat status;
		bool is_directory = stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode);
		long fed = is_directory ? replay_directory(argv[i]) : replay_file(argv[i]);
		if (fed < 0)
			return EXIT_FAILURE;
		total += fed;
	}
	printf("%s: %ld inputs\n", argv[0], total);
	return total ? EXIT_SUCCESS : EXIT_FAILURE;
}
