#include "net/listen_table.h"

#include "net/socket.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

static struct listen_table table;

static uint64_t table_find(const struct address *a, const uint64_t *ours, size_t count)
{
	cr_assert(listen_table_read(&table));
	return listen_table_find(&table, a, ours, count);
}

TestSuite(listen_table, .timeout = 10);

Test(listen_table, finds_who_listens_and_not_who_is_only_bound)
{
	static const char *const cases[][3] = {{"127.0.0.1:0", "*:0", "127.0.0.2:0"}, {"[::1]:0", "[::]:0", "[::2]:0"}};
	cr_assert(listen_table_open(&table));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct address at, any, other;
		char error[256], who[64], expected[64];
		cr_assert(address_parse(&at, cases[i][0], error, sizeof error));
		cr_assert(address_parse(&any, cases[i][1], error, sizeof error));
		cr_assert(address_parse(&other, cases[i][2], error, sizeof error));
		int bound = socket_bind(&at, true);
		cr_assert_geq(bound, 0);
		socket_local_address(bound, &at);
		address_set_port(&any, address_port(&at));
		address_set_port(&other, address_port(&at));
		cr_expect_eq(table_find(&at, NULL, 0), 0, "only bound");
		int listening = socket_listen(&at, true, 8);
		cr_assert_geq(listening, 0);
		uint64_t inode = socket_inode(listening);
		cr_expect_eq(table_find(&at, NULL, 0), inode);
		cr_expect_eq(table_find(&any, NULL, 0), inode, "an address that contains it");
		cr_expect_eq(table_find(&other, NULL, 0), 0);
		cr_expect_eq(table_find(&at, &inode, 1), 0, "ours");
		listen_table_describe_owner(inode, who, sizeof who);
		snprintf(expected, sizeof expected, " (process %ld, ", (long)getpid());
		cr_expect_eq(strncmp(who, expected, strlen(expected)), 0, "%s", who);
		close(listening);
		cr_expect_eq(table_find(&at, NULL, 0), 0);
		close(bound);
	}
	listen_table_close(&table);
}

Test(listen_table, has_room_for_many)
{
	enum { MANY = 300 };
	int fds[MANY];
	struct address at[MANY];
	char error[256];
	cr_assert(listen_table_open(&table));
	for (int i = 0; i < MANY; i++) {
		cr_assert(address_parse(&at[i], "127.0.0.1:0", error, sizeof error));
		fds[i] = socket_listen(&at[i], true, 8);
		socket_local_address(fds[i], &at[i]);
	}
	cr_assert(listen_table_read(&table));
	for (int i = 0; i < MANY; i++) {
		cr_expect_eq(listen_table_find(&table, &at[i], NULL, 0), socket_inode(fds[i]));
		close(fds[i]);
	}
	listen_table_close(&table);
}
