#include "wire/snapshot.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void snapshot_feed(struct snapshot *snap, const char *text)
{
	cr_assert(snapshot_init(snap));
	snapshot_feed_stat(snap, text, strlen(text));
	snapshot_finish(snap);
}

Test(snapshot, columns_are_found_by_name)
{
	struct snapshot snap;

	snapshot_feed(&snap, "# weight,new_thing,svname,pxname,status,\n70,\"x,y\",a,app,UP,\n\n");
	cr_assert_eq(snap.count, 1);
	cr_expect(snap.complete);
	cr_expect_not(snap.has_breaker);
	cr_expect_str_eq(snapshot_text(&snap, &snap.rows[0], FT_pxname), "app");
	cr_expect_str_eq(snapshot_text(&snap, &snap.rows[0], FT_svname), "a");
	cr_expect_eq(snap.rows[0].num[FN_weight], 70);
	cr_expect_eq(snap.rows[0].num[FN_scur], ROW_ABSENT, "a missing column is unknown, not 0");
	cr_expect_eq(snap.rows[0].num[FN_type], ROW_SERVER, "guessed from the name");
	snapshot_free(&snap);
}

Test(snapshot, incomplete_rows_are_dropped_and_counted)
{
	struct snapshot snap;

	snapshot_feed(&snap, "# pxname,svname,scur,\napp,a,1,\napp,b,\napp,c,1,2,\n,d,1,\napp,e,");
	cr_expect_eq(snap.count, 1);
	cr_expect_eq(snap.incomplete, 4);
	cr_expect_not(snap.complete);
	snapshot_free(&snap);
}

Test(snapshot, an_error_instead_of_a_table)
{
	struct snapshot snap;

	snapshot_feed(&snap, "Permission denied\n\n");
	cr_expect_eq(snap.columns, 0);
	cr_expect_eq(snap.count, 0);
	snapshot_free(&snap);
}

Test(snapshot, what_follows_the_table_is_not_read)
{
	struct snapshot snap;

	snapshot_feed(&snap, "# pxname,svname,last_chk,\napp,a,\"evil\n\n> \",\n\n> # pxname\napp,b,x,\n");
	cr_expect_eq(snap.count, 1);
	cr_expect_str_eq(snapshot_text(&snap, &snap.rows[0], FT_last_chk), "evil?\?> ");
	cr_expect(snap.complete);
	snapshot_free(&snap);
}

Test(snapshot, numbers)
{
	static const struct {
		const char *text;
		int64_t value;
	} cases[] = {{"0", 0}, {"-1", -1}, {"", ROW_ABSENT}, {"abc", ROW_ABSENT}, {"-", ROW_ABSENT},
		{"12x", ROW_ABSENT}, {"12.75", 12}, {"9223372036854775807", INT64_MAX}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct snapshot snap;
		char text[128];
		snprintf(text, sizeof text, "# pxname,svname,stot,\np,s,%s,\n\n", cases[i].text);
		snapshot_feed(&snap, text);
		cr_expect_eq(snap.rows[0].num[FN_stot], cases[i].value, "'%s'", cases[i].text);
		snapshot_free(&snap);
	}
	struct snapshot snap;
	snapshot_feed(&snap, "# pxname,svname,stot,\np,s,99999999999999999999999,\n\n");
	cr_expect_gt(snap.rows[0].num[FN_stot], INT64_C(1) << 50, "too large stays large");
	snapshot_free(&snap);
}

Test(snapshot, info_and_level_in_pieces)
{
	static const char info[] = "Name: lbd\r\nPid: 12\nnode: a:b\033\nnonsense\nPidX: 3\nUptime_sec: 1.5\n\n";
	struct snapshot snap;

	cr_assert(snapshot_init(&snap));
	for (size_t i = 0; i < sizeof info - 1; i++)
		snapshot_feed_info(&snap, info + i, 1);
	snapshot_feed_level(&snap, "adm", 3);
	snapshot_feed_level(&snap, "in\n\n", 4);
	cr_expect_str_eq(snap.info.name, "lbd");
	cr_expect_str_eq(snap.info.node, "a:b?");
	cr_expect_eq(snap.info.pid, 12);
	cr_expect_eq(snap.info.uptime, 1);
	cr_expect_eq(snap.info.max_connections, -1);
	cr_expect_str_eq(snap.level, "admin");
	snapshot_free(&snap);
}
