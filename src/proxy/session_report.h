/* What operators read of a session: the line of show sess in HAProxy's shape, with state, step, idle time and time in
 * the queue behind it, and the paragraph of show sess all. Own worker only. */
#ifndef LBD_PROXY_SESSION_REPORT_H
#define LBD_PROXY_SESSION_REPORT_H

#include "base/text.h"
#include "proxy/session.h"

void session_report_line(const struct session *s, struct text *out);
void session_report_all(const struct session *s, struct text *out);

#endif
