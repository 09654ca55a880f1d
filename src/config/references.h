/* What one option must be for another: names that must exist, addresses that must differ, bounds between two values. */
#ifndef LBD_CONFIG_REFERENCES_H
#define LBD_CONFIG_REFERENCES_H

#include "config/config.h"
#include "config/report.h"

/* The files that objects remember must be among those of the report. */
void config_check_references(const struct config *config, struct config_report *report);

#endif
