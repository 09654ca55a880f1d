/* Any bytes as a configuration: no crash, and what is accepted dumps to a configuration that is accepted. Includes are
 * followed, so it is run where nothing can be included that matters. */
#include "config.h"

#include <stdlib.h>

#include "base/text.h"
#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text messages = {0}, dump = {0}, again = {0};
	struct config *config = config_load_text("fuzz.conf", str_make((const char *)data, size), &messages);
	if (config) {
		config_dump(config, &dump);
		struct config *second = config_load_text("fuzz.conf", text_str(&dump), &messages);
		if (!second)
			abort();
		config_dump(second, &again);
		if (!str_equal(text_str(&dump), text_str(&again)))
			abort();
		config_free(second);
	}
	config_free(config);
	text_free(&messages);
	text_free(&dump);
	text_free(&again);
	return 0;
}
