#include "picks.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(first, fills_one_after_the_other)
{
	struct backend_fixture f;
	backend_fixture_init(&f, 3, NULL);
	for (int i = 0; i < 3; i++)
		f.conf.servers[i].maxconn = 2;
	cr_assert(backend_fixture_start(&f, "first", 1), "%s", f.error);
	for (int i = 0; i < 6; i++)
		cr_expect(eq(int, backend_fixture_pick(&f, true), i / 2));
	server_release(f.backend->servers[1], 0);
	cr_expect(eq(int, backend_fixture_pick(&f, true), 1));
	backend_fixture_end(&f);
}

Test(first, needs_maxconn)
{
	struct backend_fixture f;
	backend_fixture_init(&f, 2, NULL);
	cr_expect(not(backend_fixture_start(&f, "first", 1)));
	cr_expect(strstr(f.error, "servers need a maxconn") != NULL, "%s", f.error);
	backend_fixture_end(&f);
}
