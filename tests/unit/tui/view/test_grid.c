#include "view/grid.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static char *grid_text(const struct grid *grid)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	grid_print(grid, out);
	fclose(out);
	return text;
}

Test(grid, every_write_is_clipped)
{
	struct grid grid = {0};

	cr_assert(grid_resize(&grid, 4, 2));
	cr_expect_eq(grid_put(&grid, 0, 2, 10, ROLE_NORMAL, "abcdef"), 2);
	cr_expect_eq(grid_put(&grid, 1, 0, 3, ROLE_NORMAL, "abcdef"), 3);
	grid_put(&grid, -1, 0, 4, ROLE_NORMAL, "xxxx");
	grid_put(&grid, 2, 0, 4, ROLE_NORMAL, "xxxx");
	grid_put_char(&grid, 0, -1, ROLE_NORMAL, 'x');
	grid_put_right(&grid, 1, 2, 9, ROLE_NORMAL, "toolong");
	grid_fill(&grid, 0, 0, 2, ROLE_BAR, '#');
	grid_set_cursor(&grid, 7);
	char *text = grid_text(&grid);
	cr_expect_str_eq(text, "##ab\nabc\n");
	free(text);
	grid_free(&grid);
}

Test(grid, wide_characters_leave_no_halves)
{
	struct grid grid = {0};

	cr_assert(grid_resize(&grid, 4, 1));
	cr_expect_eq(grid_put(&grid, 0, 0, 4, ROLE_NORMAL, "\346\274\242\346\274\242"), 4);
	grid_put_char(&grid, 0, 1, ROLE_NORMAL, 'x');
	char *text = grid_text(&grid);
	cr_expect_str_eq(text, " x\346\274\242\n");
	free(text);
	grid_clear(&grid);
	cr_expect_eq(grid_put(&grid, 0, 0, 3, ROLE_NORMAL, "ab\346\274\242"), 2, "half of one does not fit");
	grid_free(&grid);
}

Test(grid, ascii_and_controls)
{
	struct grid grid = {.ascii = true};

	cr_assert(grid_resize(&grid, 6, 1));
	grid_put(&grid, 0, 0, 6, ROLE_NORMAL, "a\033\303\251\346\274\242");
	char *text = grid_text(&grid);
	cr_expect_str_eq(text, "a???\n");
	free(text);
	grid_free(&grid);
}
