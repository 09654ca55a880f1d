/* How many processors this process may use. */
#ifndef LBD_APP_CPUS_H
#define LBD_APP_CPUS_H

#include <stdint.h>

/* Those of its affinity, or what the quota of its control group and of those above it is worth, rounded up; 1 or more.
 * Threads above that only wait for one another. cgroup: /proc/self/cgroup; root: where control groups are mounted. Both
 * versions of control groups; what cannot be read limits nothing. */
uint32_t cpus_usable(const char *cgroup, const char *root);

#endif
