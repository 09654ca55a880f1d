/* One spelling for each path (RFC 3986 6.2.2), for who compares paths: "/%61dmin", "//admin", "/./admin" and
 * "/x/../admin" are "/admin". Pure.
 *
 * Percent sequences of unreserved characters are decoded, once; others stay, with upper-case digits. '\' counts as '/',
 * several slashes as one, and segments "." and ".." are removed, in this order. So a sequence that stays is no
 * character that a path could hold without it and mean the same, and what is decoded was always allowed where it
 * stands. "%2F" is no slash here, and path parameters (";x") are a part of their segment: servers differ in both. */
#ifndef LBD_HTTP_PATH_H
#define LBD_HTTP_PATH_H

#include "base/attributes.h"
#include "http/message.h"

/* Letters, digits and "-._~" (RFC 3986 2.3): a percent sequence of one means the same as itself. */
bool http_path_is_unreserved(int c);

/* Nothing is to be done: almost every path. So it is for what is no path: "*", and the authority of a CONNECT. */
bool http_path_is_normal(struct str path);

/* room: path.n bytes, which take the result. HTTP_ERROR_PATH: it has no single meaning. ".." leads above the root, '%'
 * has no two digits behind it, or a segment would be "." or ".." for who takes "%2F" or "%5C" for a slash. The result
 * is never longer, begins with '/', and is its own normal form. */
enum http_error http_path_normalize(struct str path, char *room, struct str *normal) LBD_MUST_CHECK;

/* Whether a segment is "." or "..", also for who takes '\\', "%2F" and "%5C" for a slash. "%2E" is no dot here. */
bool http_path_has_dots(struct str path);

/* Without "%00", "%2F" and "%5C", which one server decodes and another does not. */
bool http_path_is_strict(struct str path);

#endif
