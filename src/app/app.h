/* The running daemon: everything that has one owner, put together and taken apart in order. Control's thread. */
#ifndef LBD_APP_APP_H
#define LBD_APP_APP_H

#include "app/arguments.h"
#include "config/config.h"
#include "net/name_table.h"

/* Runs the configuration until it is told to stop. names: looked up so far; only read at the start. Returns the exit status; what went wrong at start is on stderr. */
int app_run(struct config *config, const struct arguments *arguments, struct name_table *names);

#endif
