/* From libconfig's tree to the structs of config.h, row by row. */
#ifndef LBD_CONFIG_SCHEMA_H
#define LBD_CONFIG_SCHEMA_H

#include "config/value.h"

/* Makes the templates: objects with every default of the table. False: memory is out, reported. */
bool config_schema_prepare(struct config_reader *r, const config_setting_t *defaults) LBD_MUST_CHECK;
/* Reads the file's settings into config: defaults first, wherever they stand. All errors are reported. */
void config_schema_read(struct config_reader *r, const config_setting_t *root, struct config *config);
/* Every default as a file: a group for each id of the table. */
void config_schema_write_defaults(struct text *out);
/* Whether nothing was set: zero in the bytes of the field. */
bool config_field_is_zero(const struct config_option *o, const void *base);
/* Whether an OPTIONAL group that begins with this row is absent. */
bool config_switch_is_off(const struct config_option *first, const void *base);

#endif
