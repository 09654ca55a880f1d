/* Assertions about our own code; what a peer, a user, a plugin or a file can cause is an error path instead.
 * On in debug and sanitizer builds; a release build does not evaluate the condition. */
#ifndef LBD_BASE_INVARIANT_H
#define LBD_BASE_INVARIANT_H

#include "base/attributes.h"

/* Prints what did not hold and where on stderr, and aborts. */
_Noreturn LBD_COLD void invariant_failed(const char *what, const char *file, int line);

#ifdef LBD_DEBUG
#define LBD_INVARIANT(condition) ((condition) ? (void)0 : invariant_failed(#condition, __FILE__, __LINE__))
#else
#define LBD_INVARIANT(condition) ((void)sizeof(!(condition)))
#endif

#endif
