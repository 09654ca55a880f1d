/* What a declaration promises to the compiler. Included by every layer; libc only. */
#ifndef LBD_BASE_ATTRIBUTES_H
#define LBD_BASE_ATTRIBUTES_H

#define LBD_MUST_CHECK           __attribute__((warn_unused_result))
#define LBD_PRINTF(text, values) __attribute__((format(printf, text, values)))
#define LBD_COLD                 __attribute__((cold))
#define LBD_CACHE_LINE           64

#endif
