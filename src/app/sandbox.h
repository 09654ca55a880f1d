/* What threads give up for good: system calls (seccomp; the lists are system_calls.def) and files (Landlock). A worker
 * keeps the calls that traffic needs and no file at all; control keeps what a reload, logs and names need, all but the
 * calls that no thread of a proxy asks for. Needs no_new_privs. doc/decisions/0018 says why. */
#ifndef LBD_APP_SANDBOX_H
#define LBD_APP_SANDBOX_H

#include "base/attributes.h"

#include <stdbool.h>

enum { SANDBOX_SECCOMP = 1, SANDBOX_LANDLOCK = 2, SANDBOX_WHOLE = 3 };

/* Which of them this kernel and this build can do; asked in a way that changes nothing. */
unsigned sandbox_can(void);
/* Of the calling thread, and of those that it starts from now on. True: its list holds. */
bool sandbox_enter_control(void) LBD_MUST_CHECK;
/* Returns which of them hold. */
unsigned sandbox_enter_worker(void) LBD_MUST_CHECK;

#endif
