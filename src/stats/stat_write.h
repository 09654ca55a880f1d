/* The outputs of show stat: loops over the rows of columns.def. Pure; each call writes one row. */
#ifndef LBD_STATS_STAT_WRITE_H
#define LBD_STATS_STAT_WRITE_H

#include "base/text.h"
#include "stats/stat_row.h"

/* "# pxname,svname,...,\n" */
void stat_write_csv_header(struct text *out);
/* As many cells as the header, each followed by a comma. */
void stat_write_csv(struct text *out, const struct stat_row *row);
/* A line for each value that is there: "S.5.1.17.status.1:SGP:str:UP". descriptions: with :"help" behind it. */
void stat_write_typed(struct text *out, const struct stat_row *row, bool descriptions);
/* An array of objects, one for each value that is there. */
void stat_write_json(struct text *out, const struct stat_row *row, bool descriptions);

#endif
