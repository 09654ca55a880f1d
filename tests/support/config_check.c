/* Reads configurations from standard input, each as a length of 4 bytes (little-endian) and its bytes, and says of each
 * what the library makes of it: "INDEX RESULT MILLISECONDS" a line, in time of the processor, which no other process
 * of the machine makes longer. RESULT is valid, invalid, or what must not be:
 * nolines (an error without a line), silent (refused without an error) or unstable (the dump does not load to itself).
 * A crash or an alarm ends the process, so the last line tells which one it was. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/text.h"
#include "config/config.h"

enum { CHECK_SECONDS = 60, CHECK_SIZE = 17 << 20 };

static unsigned long long check_cpu_ms(void)
{
	struct rusage used;
	if (getrusage(RUSAGE_SELF, &used))
		abort();
	return (unsigned long long)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 +
	       (unsigned long long)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000;
}

static bool check_dump_is_stable(const struct config *config)
{
	struct text first = {0}, second = {0}, messages = {0};
	config_dump(config, &first);
	struct config *again = config_load_text("mutation.conf", text_str(&first), &messages);
	if (again)
		config_dump(again, &second);
	bool same = again && str_equal(text_str(&first), text_str(&second));
	config_free(again);
	text_free(&first);
	text_free(&second);
	text_free(&messages);
	return same;
}

/* Every message is "mutation.conf:LINE: error: ..." or a warning. */
static const char *check_messages(const struct text *messages)
{
	static const char head[] = "mutation.conf:";
	bool error = false;
	const char *at = messages->data, *end = at + messages->n;
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		struct str line = str_make(at, (size_t)((stop ? stop : end) - at));
		error |= memmem(line.p, line.n, ": error: ", 9) != NULL;
		bool summary = memmem(line.p, line.n, "more messages are not shown", 27) != NULL;
		size_t n = sizeof(head) - 1;
		if (!summary && (!str_starts_with(line, str_of(head)) || line.p[n] < '1' || line.p[n] > '9'))
			return "nolines";
		at = stop ? stop + 1 : end;
	}
	return error ? "invalid" : "silent";
}

static void check_one(uint32_t index, struct str content)
{
	struct text messages = {0};
	unsigned long long start = check_cpu_ms();
	alarm(CHECK_SECONDS);
	struct config *config = config_load_text("mutation.conf", content, &messages);
	unsigned long long ms = check_cpu_ms() - start;
	const char *result = config ? "valid" : check_messages(&messages);
	if (config && !check_dump_is_stable(config))
		result = "unstable";
	printf("%u %s %llu\n", index, result, ms);
	fflush(stdout);
	config_free(config);
	text_free(&messages);
}

int main(void)
{
	unsigned char length[4];
	char *content = malloc(CHECK_SIZE);
	if (!content)
		return 1;
	for (uint32_t index = 0; fread(length, 1, 4, stdin) == 4; index++) {
		uint32_t n =
			length[0] | (uint32_t)length[1] << 8 | (uint32_t)length[2] << 16 | (uint32_t)length[3] << 24;
		if (n > CHECK_SIZE || fread(content, 1, n, stdin) != n)
			return 1;
		check_one(index, str_make(content, n));
	}
	free(content);
	return 0;
}
