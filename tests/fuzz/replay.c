/* A plain main for fuzz targets: feeds each file of the target's corpus, so that make check replays what fuzzing found.
 * FUZZ_CORPUS is the directory; arguments replace it. */
#include "config.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
	struct stat st;
	FILE *file = fopen(path, "rb");
	if (!file || fstat(fileno(file), &st) != 0) {
		perror(path);
		return 1;
	}
	size_t size = (size_t)st.st_size;
	/* Exactly as large as the input, so that a read behind its end is seen. */
	uint8_t *data = malloc(size ? size : 1);
	int failed = !data || fread(data, 1, size, file) != size;
	if (failed)
		perror(path);
	else
		LLVMFuzzerTestOneInput(data, size);
	free(data);
	fclose(file);
	return failed;
}

/* The number of files, or -1. */
static int replay_directory(const char *path)
{
	int count = 0;
	DIR *directory = opendir(path);
	if (!directory) {
		perror(path);
		return -1;
	}
	for (struct dirent *entry; (entry = readdir(directory));) {
		char name[4096];
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (replay_file(name)) {
			count = -1;
			break;
		}
		count++;
	}
	closedir(directory);
	return count;
}

int main(int argc, char **argv)
{
	const char *corpus = argc > 1 ? argv[1] : FUZZ_CORPUS;
	int count = replay_directory(corpus);
	printf("%d files of %s\n", count, corpus);
	return count > 0 ? 0 : 1;
}
